import type { IdleCost } from '../cases/idle-breakers.ts'
import { digits, formatTable, formatTime } from './format.ts'

export function idleTable(costs: readonly IdleCost[]): string {
  const rows = costs.map(({ name, createNs, heapBytes, timers }) => [
    name,
    formatTime(createNs),
    `${digits(heapBytes)} B`,
    String(timers),
  ])
  return formatTable(['an idle breaker', 'to make it', 'heap', 'timers'], rows)
}
