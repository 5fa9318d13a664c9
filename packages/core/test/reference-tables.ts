/** A row of a table, by the names of its columns. */
export type Row = Readonly<Record<string, string>>

/** The tables of a Markdown text under each of its headings, in their order. */
export function readTables(markdown: string): Map<string, Row[][]> {
  const tables = new Map<string, Row[][]>()
  let underHeading: Row[][] = []
  let columns: string[] | undefined
  let rows: Row[] = []
  for (const line of markdown.split('\n')) {
    const heading = /^#+ (.*)$/.exec(line)?.[1]
    if (heading !== undefined) tables.set(heading, (underHeading = []))
    if (!line.startsWith('|')) columns = undefined
    else if (columns === undefined) {
      columns = cellsOf(line)
      underHeading.push((rows = []))
    } else if (!/^[|\s:-]+$/.test(line)) {
      const cells = cellsOf(line)
      rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])))
    }
  }
  return tables
}

/** What stands in the code at the start of a cell, if it starts with code. */
export function codeOf(cell: string | undefined): string | undefined {
  return /^`([^`]+)`/.exec(cell ?? '')?.[1]
}

/** A cell without its marks of code. */
export function wordsOf(cell: string): string {
  return cell.replaceAll('`', '')
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
