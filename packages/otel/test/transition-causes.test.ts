import { expect, test } from 'vitest'
import type { CircuitBreaker, CircuitBreakerOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, fail } from './drive.ts'
import { idOf, linksOf, Telemetry } from './telemetry.ts'

const name = 'payments'
const halfOpen = { successesToClose: 1, maxConcurrent: 3, probeTimeoutMs: 500 }

/** A breaker that is open, whose probes may take half a second. */
function openBreaker(options: CircuitBreakerOptions = {}): {
  telemetry: Telemetry
  clock: ManualClock
  breaker: CircuitBreaker
} {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name, { halfOpen, ...options })
  fail(breaker, 2)
  return { telemetry, clock, breaker }
}

/** The trigger of the last transition, and what its span and its log event say of its cause. */
function lastTransition(telemetry: Telemetry): { trigger: unknown; links: unknown[]; logged: string | undefined } {
  const span = telemetry.spans('circuit_breaker.transition').at(-1)
  const logged = telemetry.logs().at(-1)?.spanContext?.traceId
  const trigger = span?.attributes['circuit_breaker.transition.trigger']
  return { trigger, links: span === undefined ? [] : linksOf(span), logged }
}

test('a probe that took too long is what its transition links to, not the call that noticed', () => {
  const { telemetry, clock, breaker } = openBreaker()
  clock.advance(1_000)
  breaker.acquire()
  clock.advance(500)

  telemetry.inSpan('request', () => breaker.tryAcquire())

  const probe = telemetry.span(`circuit_breaker.probe ${name}`)
  const links = [{ to: 'trigger', ...idOf(probe) }]
  expect(lastTransition(telemetry)).toEqual({ trigger: 'probe_timeout', links, logged: undefined })
})

test('of several probes it links to the one that took too long, also when another one notices by its end', () => {
  const { telemetry, clock, breaker } = openBreaker()
  clock.advance(1_000)
  breaker.acquire()
  clock.advance(100)
  breaker.acquire()
  clock.advance(100)
  const other = breaker.acquire()
  clock.advance(450)

  telemetry.inSpan('request', () => other.success())

  const [first] = telemetry.spans(`circuit_breaker.probe ${name}`)
  expect(telemetry.spans(`circuit_breaker.probe ${name}`)).toHaveLength(3)
  const links = first && [{ to: 'trigger', ...idOf(first) }]
  expect(lastTransition(telemetry)).toEqual({ trigger: 'probe_timeout', links, logged: undefined })
})

test('each lapse has its own probe: the next one does not link to that of the one before', () => {
  const { telemetry, clock, breaker } = openBreaker()
  for (let i = 0; i < 2; i++) {
    clock.advance(1_000)
    breaker.acquire()
    clock.advance(500)
    breaker.tryAcquire()
  }

  const probe = telemetry.spans(`circuit_breaker.probe ${name}`).at(-1)
  expect(lastTransition(telemetry).links).toEqual(probe && [{ to: 'trigger', ...idOf(probe) }])
})

test('a probe that was admitted before telemetry was attached is linked to by nothing, and nothing stands in for it', () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  const breaker = registry.get(name, { halfOpen })
  fail(breaker, 2)
  clock.advance(1_000)
  breaker.acquire()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  clock.advance(500)

  telemetry.inSpan('request', () => breaker.tryAcquire())

  expect(lastTransition(telemetry)).toEqual({ trigger: 'probe_timeout', links: [], logged: undefined })
})

test('a recovery that a check has found links to no call, whichever was active when its timer was set', async () => {
  const { telemetry, clock, breaker } = openBreaker({
    openMs: 60_000,
    recoverWhen: { check: () => true, everyMs: 100, then: 'close' },
  })
  const closed = new Promise<void>((resolve) => void breaker.on('transition', () => resolve()))

  telemetry.inSpan('request', () => clock.advance(100))
  await closed

  expect(lastTransition(telemetry)).toEqual({ trigger: 'recovered', links: [], logged: undefined })
})
