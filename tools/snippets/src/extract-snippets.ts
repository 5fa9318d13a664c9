/** A TypeScript block of a Markdown file. */
export interface Snippet {
  /** The Markdown file, as it was given. */
  readonly file: string
  /** The line of the file on which the code starts, from 1. */
  readonly line: number
  readonly code: string
  /** It is type checked and not run: ` ```ts compile-only `. */
  readonly compileOnly: boolean
  /** The module of `setups/` that runs before it: `<!-- setup: NAME -->` above the block. */
  readonly setup: string | undefined
}

const fenceLine = /^(?<indent> *)(?<fence>`{3,}|~{3,})(?<info>.*)$/
const setupLine = /^ *<!-- setup: (?<name>[a-z0-9-]+) -->$/

/** The TypeScript blocks of a Markdown text, in their order. */
export function extractSnippets(file: string, markdown: string): Snippet[] {
  const snippets: Snippet[] = []
  const lines = markdown.split(/\r?\n/)
  let setup: string | undefined
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const { indent = '', fence, info = '' } = fenceLine.exec(line)?.groups ?? {}
    if (fence === undefined) {
      if (line.trim() !== '') setup = setupLine.exec(line)?.groups?.['name']
      continue
    }
    const first = i + 1
    const closing = new RegExp(`^ *${fence}${fence[0]}*\\s*$`)
    do i++
    while (i < lines.length && !closing.test(lines[i] ?? ''))
    const [language = '', ...flags] = info.trim().split(/\s+/)
    if (language === 'ts' || language === 'typescript') {
      const code = lines.slice(first, i).map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text))
      snippets.push({
        file,
        line: first + 1,
        code: code.join('\n'),
        compileOnly: flags.includes('compile-only'),
        setup,
      })
    }
    setup = undefined
  }
  return snippets
}
