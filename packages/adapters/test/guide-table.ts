import { readFileSync } from 'node:fs'

/** The cells of the table under a heading of a guide, without its head, by the first cell of each row. */
export function guideTable(guide: string, heading: string): Map<string, string[]> {
  const text = readFileSync(new URL(`../../../docs/guides/${guide}.md`, import.meta.url), 'utf8')
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'))
  return new Map(
    rows.map((row) => {
      const [first = '', ...others] = row.slice(1, -1).split('|')
      return [first.trim(), others.map((cell) => cell.trim())]
    }),
  )
}
