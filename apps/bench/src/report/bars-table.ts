import { type Bar, isMet } from '../bars.ts'
import { digits, formatTable } from './format.ts'

/** What is met and what is not. A ratio is the median over all rounds; its range is that of single rounds. */
export function barsTable(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => {
    const { what, limit, unit, measured } = bar
    const { median, least, most } = measured
    const range = least === most ? '' : `${digits(least)} – ${digits(most)}`
    return [what, `≤ ${digits(limit)}${unit}`, `${digits(median)}${unit}`, range, isMet(bar) ? '✓' : '✗']
  })
  return formatTable(['bar', 'at most', 'measured', 'rounds', ''], rows)
}
