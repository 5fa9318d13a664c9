// Five minutes of a service that has a breaker for each of its customers, in virtual time: 10,000 calls a second by
// Zipf's law over 200,000 customers, of whom 100,000 may have a breaker at a time, and 1,000 fail for three minutes.
// Prints what it saw; exits with 1 when a call is not accounted for or the bound does not hold.
import { CircuitBreakerRegistry, exponentialBackoff } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { randomNumbers } from '../random.ts'
import { digits, formatTable, formatTime } from '../report/format.ts'
import { describeMachine } from '../report/machine.ts'
import { Latencies } from './latencies.ts'
import { zipf } from './zipf.ts'

const CUSTOMERS = 200_000
const MAX_KEYS = 100_000
const FAILING = 1_000
const CALLS_PER_SECOND = 10_000
const MINUTES = 5
const CALLS_PER_MINUTE = 60 * CALLS_PER_SECOND

if (globalThis.gc === undefined) throw new Error('run with node --expose-gc')

const random = randomNumbers(1)
const nextCustomer = zipf(CUSTOMERS, random)
const customers = Array.from({ length: CUSTOMERS }, (_, i) => Buffer.from(`customer-${i}`).toString())
const clock = new ManualClock()
const openMs = exponentialBackoff({ initialMs: 5_000, maxMs: 60_000, random })
const family = new CircuitBreakerRegistry({ clock }).keyed('orders', { maxKeys: MAX_KEYS, openMs })
const down = new Error('this customer is down')
const operations = new Latencies()
let slowestCpuMs = 0
const counts = { admitted: 0, rejected: 0, failed: 0, created: 0, shared: 0 }
const rows: string[][] = []

const heapAtStart = heapAfterCollection()
for (let minute = 1; minute <= MINUTES; minute++) {
  const before = { ...counts }
  const sizeBefore = family.size
  for (let call = 0; call < CALLS_PER_MINUTE; call++) {
    makeCall(nextCustomer(), 1 < minute && minute < MINUTES)
    clock.advance(1_000 / CALLS_PER_SECOND)
  }
  const since = (name: keyof typeof counts): number => counts[name] - before[name]
  const evicted = since('created') - (family.size - sizeBefore)
  const heapMB = (heapAfterCollection() - heapAtStart) / 1e6
  rows.push([
    `${minute}`,
    ...[since('admitted'), since('rejected'), since('failed'), since('created'), evicted, family.size].map(digits),
    heapMB.toFixed(1),
  ])
}

console.log(`${describeMachine()}\n`)
console.log(formatTable(['minute', 'admitted', 'rejected', 'failed', 'new keys', 'let go', 'keys', 'heap in MB'], rows))
const heapPerKey = (heapAfterCollection() - heapAtStart) / family.size
console.log(`
An operation finds a breaker by its key, asks for admission and settles, in wall time:
half of them take at most ${formatTime(operations.quantile(0.5))}, 99 % ${formatTime(operations.quantile(0.99))}, 99.99 % ${formatTime(operations.quantile(0.9999))}; the slowest took ${formatTime(operations.slowestNs)}.
Of wall time other processes may have had a part: no operation had the processor for more than ${digits(slowestCpuMs)} ms, collecting
garbage included (that counter moves in steps of up to 4 ms).
Heap for each key: ${digits(heapPerKey)} bytes. Calls that shared a breaker for want of room: ${digits(counts.shared)}.`)

const faults = findFaults()
for (const fault of faults) console.error(`FAULT: ${fault}`)
process.exitCode = faults.length > 0 ? 1 : 0

/** Customers that fail are spread over busy and quiet ones alike. */
function makeCall(customer: number, isOutage: boolean): void {
  const key = customers[customer] as string
  const isNew = family.peek(key) === undefined
  const cpuStart = process.threadCpuUsage()
  const start = process.hrtime.bigint()
  const permit = family.for(key).tryAcquire()
  const fails = isOutage && customer % (CUSTOMERS / FAILING) === 0
  if (fails) permit?.failure(down)
  else permit?.success()
  operations.add(Number(process.hrtime.bigint() - start))
  const { user, system } = process.threadCpuUsage(cpuStart)
  slowestCpuMs = Math.max(slowestCpuMs, (user + system) / 1000)
  if (permit === undefined) counts.rejected++
  else counts.admitted++
  if (permit !== undefined && fails) counts.failed++
  if (isNew) counts[family.peek(key) === undefined ? 'shared' : 'created']++
}

function findFaults(): string[] {
  const sums = { settled: 0, rejected: 0 }
  for (const { totals, rejections } of family.summary()) {
    sums.settled += totals.success + totals.failure + totals.ignored
    for (const count of Object.values(rejections)) sums.rejected += count
  }
  return [
    ...(sums.settled === counts.admitted
      ? []
      : [`${counts.admitted} calls were admitted, ${sums.settled} are counted`]),
    ...(sums.rejected === counts.rejected
      ? []
      : [`${counts.rejected} calls were rejected, ${sums.rejected} are counted`]),
    ...(family.size <= MAX_KEYS ? [] : [`${family.size} keys have a breaker`]),
  ]
}

function heapAfterCollection(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
