import { median } from '../measure/statistics.ts'
import type { Round, Timing } from '../measure/time-contenders.ts'
import { digits, formatTable, formatTime } from './format.ts'

/** A row for each thing that was done, a column for each way to do it, each with its ratio to the first way of its row. */
export function timingTable(title: string, timings: readonly Timing[], of: keyof Round = 'cpuNs'): string {
  const rows = [...Map.groupBy(timings, ({ contender }) => contender.row)]
  const columns = [...new Set(timings.map(({ contender }) => contender.column))]
  const cells = rows.map(([row, ofRow]) => {
    const medians = new Map(ofRow.map(({ contender, rounds }) => [contender.column, median(rounds.map((r) => r[of]))]))
    const first = medians.get(columns[0] ?? '')
    return [row, ...columns.map((column, i) => cell(medians.get(column), i === 0 ? undefined : first))]
  })
  return formatTable([title, ...columns], cells)
}

function cell(ns: number | undefined, first: number | undefined): string {
  if (ns === undefined) return '–'
  return first === undefined ? formatTime(ns) : `${formatTime(ns)} (${digits(ns / first)}×)`
}
