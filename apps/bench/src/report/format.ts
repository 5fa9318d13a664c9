/** A time with the unit that suits it, to three digits. */
export function formatTime(ns: number): string {
  if (ns < 1e3) return `${digits(ns)} ns`
  if (ns < 1e6) return `${digits(ns / 1e3)} µs`
  return `${digits(ns / 1e6)} ms`
}

/** Three digits, or two for what is small; thousands are whole. */
export function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(value >= 1 ? 3 : 2)))
}

/** A Markdown table that can be read as it is, too. Columns of numbers stand to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? '')].map(width)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((size, column) => pad(cells[column] ?? '', size, column)).join(' | ')} |`
  const rule = widths.map((size, column) => (column === 0 ? '-'.repeat(size) : `${'-'.repeat(size - 1)}:`))
  return [line(header), line(rule), ...rows.map(line)].join('\n')
}

function pad(text: string, size: number, column: number): string {
  const space = ' '.repeat(size - width(text))
  return column === 0 ? text + space : space + text
}

const width = (text: string): number => text.length
