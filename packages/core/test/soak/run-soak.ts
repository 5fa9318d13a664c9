// Ten million calls through breakers of every kind while the service comes and goes: probes that are lost, aborted and late,
// with a clock that moves by itself. In the end nothing may be stuck, every call must be accounted for, and memory must be
// flat. Prints what it saw; exits with 1 when one of these does not hold.
//
// node --expose-gc packages/core/test/soak/run-soak.ts [calls] [seed]
import {
  anyOf,
  CircuitBreaker,
  consecutiveFailures,
  exponentialBackoff,
  failureRate,
  type Permit,
  slowCallRate,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'

const calls = Number(process.argv[2] ?? 10_000_000)
const seed = Number(process.argv[3] ?? 1)
if (!(calls >= 1000 && Number.isSafeInteger(seed))) throw new Error('usage: run-soak.ts [calls, at least 1000] [seed]')
if (globalThis.gc === undefined) throw new Error('run with node --expose-gc')

const clock = new ManualClock()
const random = randomNumbers(seed)
const options = { clock, openMs: 500, halfOpen: { probeTimeoutMs: 200 } }
const breakers = [
  new CircuitBreaker('consecutive', { ...options, trip: consecutiveFailures(5) }),
  new CircuitBreaker('count window', { ...options, trip: failureRate({ window: { calls: 100 } }) }),
  new CircuitBreaker('time windows', {
    ...options,
    trip: anyOf(
      failureRate({ window: { ms: 10_000 } }),
      slowCallRate({ slowMs: 100, window: { ms: 5_000, buckets: 5 } }),
    ),
    openMs: exponentialBackoff({ initialMs: 100, maxMs: 5_000, random }),
  }),
  new CircuitBreaker('ramp-up', { ...options, rampUp: { stepMs: 100, minimumCalls: 3 } }),
  new CircuitBreaker('observed', { ...options, mode: 'observe' }),
  new CircuitBreaker('timeout', { ...options, timeoutMs: 150 }),
]

/** Permits that are out: settled later, twice, or never. A lost one is simply forgotten. */
const late: { permit: Permit; due: number }[] = []
let lost = 0
let threw = 0
const heaps: number[] = []
const failure = new Error('down')

for (let call = 0; call < calls; call++) {
  const breaker = breakers[call % breakers.length]
  if (breaker === undefined) break
  // The service is down for a fifth of the time.
  const isDown = Math.floor(clock.now() / 20_000) % 5 === 4
  await makeCall(breaker, isDown)
  clock.advance(random() * 2)
  settleLate()
  if (call % Math.floor(calls / 10) === 0) heaps.push(heapAfterCollection())
}
for (const { permit } of late.splice(0)) permit.success()
heaps.push(heapAfterCollection())

const faults = [...breakers.flatMap(checkAccounts), ...checkHeap()]
for (const breaker of breakers) faults.push(...(await checkRecovery(breaker)))
for (const breaker of breakers) {
  const { name, totals, rejections, transitions } = breaker.status()
  console.log(name, {
    ...totals,
    rejections: Object.values(rejections).reduce((a, b) => a + b),
    transitions: transitions.length,
  })
}
console.log(
  `${calls} calls, ${threw} threw or were rejected, ${lost} lost; heap in MB: ${heaps.map((heap) => heap.toFixed(1)).join(' ')}`,
)
for (const fault of faults) console.error(`FAULT: ${fault}`)
process.exitCode = faults.length === 0 ? 0 : 1

async function makeCall(breaker: CircuitBreaker, isDown: boolean): Promise<void> {
  const kind = random()
  if (kind < 0.5) {
    const controller = kind < 0.05 ? new AbortController() : undefined
    const call = breaker.execute(() => (isDown ? Promise.reject(failure) : 1), { signal: controller?.signal })
    controller?.abort('left')
    await call.catch(() => threw++)
    return
  }
  const permit = breaker.tryAcquire()
  if (permit === undefined) threw++
  else if (kind < 0.51) lost++
  else if (kind < 0.7) late.push({ permit, due: clock.now() + random() * 1_000 })
  else if (kind < 0.75) permit.ignore()
  else if (isDown) permit.failure(failure)
  else permit.success()
}

function settleLate(): void {
  while (late[0] !== undefined && late[0].due <= clock.now()) {
    const { permit } = late.shift() as { permit: Permit }
    if (random() < 0.5) permit.failure(failure)
    // A second settling does nothing.
    permit.success()
  }
}

/** What was admitted has ended or is lost. */
function checkAccounts(breaker: CircuitBreaker): string[] {
  const { totals, timeInState } = breaker.status()
  const time = Object.values(timeInState).reduce((a, b) => a + b)
  const found: string[] = []
  if (totals.active < 0 || totals.active > lost)
    found.push(`${breaker.name}: ${totals.active} calls active, ${lost} lost`)
  if (Math.abs(time - clock.now()) > 1) found.push(`${breaker.name}: ${time} ms in states, of ${clock.now()}`)
  return found
}

/** With a healthy service every breaker closes, whatever it was left in. */
async function checkRecovery(breaker: CircuitBreaker): Promise<string[]> {
  for (let i = 0; i < 10_000 && breaker.state !== 'closed'; i++) {
    await breaker.execute(() => 1).catch(() => {})
    clock.advance(10)
  }
  return breaker.state === 'closed' ? [] : [`${breaker.name}: stuck in ${breaker.state}`]
}

/** The heap at the end is that of the first tenth, but for noise. */
function checkHeap(): string[] {
  const [, first = 0] = heaps
  const last = heaps.at(-1) ?? 0
  return last > first + 3 ? [`the heap grew from ${first.toFixed(1)} to ${last.toFixed(1)} MB`] : []
}

function heapAfterCollection(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** Numbers from 0 to below 1, the same for the same seed: a linear congruential generator, of which the high bits are good. */
function randomNumbers(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
