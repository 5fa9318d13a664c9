/** What is read of a report of Stryker's. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}

export interface Mutant {
  readonly status: string
  readonly replacement: string
  readonly location: { readonly start: Position; readonly end: Position }
}

/** Both from 1 on; the column of an end is the one after it. */
interface Position {
  readonly line: number
  readonly column: number
}

/** A mutant as the page of survivors names it: a change of code, wherever in its file that stands. */
export function describeMutant(file: string, source: string, { replacement, location }: Mutant): string {
  const { start, end } = location
  const lines = source.split('\n')
  const first = lines[start.line - 1] ?? ''
  const last = lines[end.line - 1] ?? ''
  const before = start.line === end.line ? first : `${first} …`
  const after = first.slice(0, start.column - 1) + replacement + last.slice(end.column - 1)
  return `@@ ${file.replace(/^.*\//, '')}\n- ${inOneLine(before)}\n+ ${inOneLine(after)}`
}

/** How a report and the page of survivors differ. */
export interface Differences {
  /** Survivors that the page does not name, and where they are. */
  readonly unnamed: readonly { readonly at: string; readonly name: string }[]
  /** Names on the page whose mutant is killed. */
  readonly killed: readonly string[]
  /** Names on the page of what the code does not have. */
  readonly gone: readonly string[]
}

export function compareWithPage(report: MutationReport, page: string): Differences {
  const named = new Set(page.match(/^@@ .+\n- .*\n\+ .*$/gm))
  const unnamed: { at: string; name: string }[] = []
  const survivors = new Set<string>()
  const all = new Set<string>()
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    for (const mutant of mutants) {
      const name = describeMutant(file, source, mutant)
      all.add(name)
      if (mutant.status !== 'Survived' && mutant.status !== 'NoCoverage') continue
      survivors.add(name)
      const { start } = mutant.location
      if (!named.has(name)) unnamed.push({ at: `${file}:${start.line}:${start.column}`, name })
    }
  }
  return {
    unnamed,
    killed: [...named].filter((name) => all.has(name) && !survivors.has(name)),
    gone: [...named].filter((name) => !all.has(name)),
  }
}

function inOneLine(code: string): string {
  return code.trim().replace(/\s+/g, ' ')
}
