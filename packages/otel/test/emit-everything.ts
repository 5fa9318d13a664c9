import { type CircuitBreaker, failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { beRejected, createRegistry, fail, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

/** A breaker to which everything has happened that telemetry tells of, and the telemetry. */
export function emitEverything(): { telemetry: Telemetry; breaker: CircuitBreaker } {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  const options = { callSpans: true, callDuration: true, rejectSpansPerSecond: 1 }
  instrumentCircuitBreakers({ registry, clock, ...telemetry.providers, ...options })
  const breaker = registry.get('payments', {
    critical: true,
    trip: failureRate({ threshold: 0.5, window: { calls: 10 }, minimumCalls: 2 }),
    rampUp: { stepsPercent: [1], stepMs: 60_000 },
  })
  telemetry.inSpan('request', () => {
    clock.advance(12.5)
    succeed(breaker)
    breaker.acquire().ignore()
    fail(breaker)
    clock.advance(250)
    beRejected(breaker, 3)
    clock.advance(750)
    fail(breaker)
    beRejected(breaker)
    clock.advance(1_000)
    const probes = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
    beRejected(breaker)
    for (const probe of probes) probe.success()
    for (let i = 0; i < 100; i++) breaker.tryAcquire()?.success()
  })
  throughEveryEdge(breaker, () => clock.advance(1_000))
  const forced = breaker.forceOpen({ reason: 'maintenance' })
  beRejected(breaker)
  forced[Symbol.dispose]()
  for (let i = 0; i < 15; i++) {
    breaker.reset()
    breaker.acquire().failure(undefined, { type: `Type${i}` })
  }
  return { telemetry, breaker }
}

/** Leads a breaker from every state to every other one, where there is a way. */
function throughEveryEdge(breaker: CircuitBreaker, waitUntilDue: () => void): void {
  const hold = { reason: 'test' }
  let held: Disposable | undefined
  const ways = {
    closed: () => (held ? held[Symbol.dispose]() : breaker.reset()),
    reset: () => breaker.reset(),
    open: () => void breaker.trip(hold),
    half_open: () => {
      waitUntilDue()
      breaker.tryAcquire()?.ignore()
    },
    forced_open: () => {
      held = breaker.forceOpen(hold)
      waitUntilDue()
    },
    disabled: () => {
      held = breaker.disable(hold)
      waitUntilDue()
    },
  }
  const roads: (readonly (keyof typeof ways)[])[] = [
    ['open', 'half_open', 'open', 'reset'],
    ['open', 'forced_open', 'closed', 'disabled', 'closed', 'disabled', 'forced_open', 'disabled', 'reset'],
    ['open', 'disabled', 'closed', 'forced_open', 'reset'],
    ['open', 'half_open', 'forced_open', 'reset'],
    ['open', 'half_open', 'disabled', 'reset'],
    ['open', 'half_open', 'reset'],
  ]
  for (const road of roads) for (const step of road) ways[step]()
}
