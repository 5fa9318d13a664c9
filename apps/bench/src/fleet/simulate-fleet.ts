import { CircuitBreakerRegistry, type CircuitBreakerOptions, type Permit } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { poisson, randomNumbers } from '../random.ts'

/** A fleet of instances, each with a breaker of its own, and what they all call. */
export interface FleetOptions {
  readonly instances: number
  /** Of all instances together. */
  readonly callsPerSecond: number
  /** A breaker's options; `random` is for the jitter, so that a run can be repeated. */
  readonly breaker: (random: () => number) => CircuitBreakerOptions
  readonly downFromMs: number
  readonly downUntilMs: number
  readonly endMs: number
  /** The calls that the dependency can answer in a second when it is up; it refuses all above. */
  readonly capacityAt: (ms: number) => number
}

/** What happened, one entry for each `SLOT_MS`. */
export interface FleetRun {
  readonly calls: number[]
  readonly failures: number[]
  readonly openInstances: number[]
}

export const SLOT_MS = 100

const ANSWER_MS = 50
/** A dependency that is down answers nothing: its callers give up after a second. */
const GIVE_UP_MS = 1_000

const down = new Error('no answer')
const overloaded = new Error('overloaded')

/** Plays it in virtual time. The same options give the same run. */
export function simulateFleet(options: FleetOptions): FleetRun {
  const { instances, callsPerSecond, downFromMs, downUntilMs, endMs, capacityAt } = options
  const random = randomNumbers(instances)
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock })
  const breakers = Array.from({ length: instances }, (_, i) => registry.get(`instance ${i}`, options.breaker(random)))
  let openInstances = 0
  registry.on('transition', ({ from, to }) => {
    if (from === 'closed') openInstances++
    else if (to === 'closed') openInstances--
  })
  const answers = new Map<number, (() => void)[]>()
  const run: FleetRun = { calls: [], failures: [], openInstances: [] }

  for (let now = 0; now < endMs; now += SLOT_MS, clock.advance(SLOT_MS)) {
    let failures = 0
    for (const answer of answers.get(now) ?? []) answer()
    answers.delete(now)
    const isDown = downFromMs <= now && now < downUntilMs
    const room = (capacityAt(now) * SLOT_MS) / 1_000
    let calls = 0
    for (let left = poissonOf((callsPerSecond * SLOT_MS) / 1_000, random); left > 0; left--) {
      const permit = breakers[Math.floor(random() * instances)]?.tryAcquire()
      if (permit === undefined) continue
      calls++
      const error = isDown ? down : calls > room ? overloaded : undefined
      if (error !== undefined) failures++
      settleAt(now + (isDown ? GIVE_UP_MS : ANSWER_MS), permit, error)
    }
    run.calls.push(calls)
    run.failures.push(failures)
    run.openInstances.push(openInstances)
  }
  return run

  function settleAt(ms: number, permit: Permit, error: Error | undefined): void {
    // At the end of the slot that it falls into.
    const slot = Math.ceil(ms / SLOT_MS) * SLOT_MS
    const ofSlot = answers.get(slot) ?? []
    answers.set(slot, ofSlot)
    ofSlot.push(() => (error === undefined ? permit.success() : permit.failure(error)))
  }
}

/** Of a large mean, in parts that `poisson` can do. */
function poissonOf(mean: number, random: () => number): number {
  let events = 0
  for (let left = mean; left > 0; left -= 100) events += poisson(Math.min(left, 100), random)
  return events
}
