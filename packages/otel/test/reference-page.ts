/** A row of a table, by the names of its columns. */
export type Row = Readonly<Record<string, string>>

/** The rows of the first table under a heading of a Markdown text. */
export function rowsUnder(heading: string, page: string): Row[] {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const [head, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'))
  const columns = cellsOf(head ?? '')
  return rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, index) => [columns[index] ?? '', cell])))
}

/** What stands in code in a cell. */
export function codesOf(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
