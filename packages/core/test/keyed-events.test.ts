import { expect, test } from 'vitest'
import {
  type CallObserver,
  CircuitBreakerRegistry,
  consecutiveFailures,
  type Incident,
  watchIncidents,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

function twoFamilies(): { clock: ManualClock; registry: CircuitBreakerRegistry } {
  const clock = new ManualClock()
  return { clock, registry: new CircuitBreakerRegistry({ clock, defaults: { trip: consecutiveFailures(1) } }) }
}

/** Breakers of two families with one name and one key. */
const nameOf = (): string => 'api.example'

test('events and status of a keyed breaker name its family', () => {
  const { registry } = twoFamilies()
  const [transitions, failures, rejections] = [
    hear(registry, 'transition'),
    hear(registry, 'failure'),
    hear(registry, 'rejected'),
  ]
  const breaker = registry.keyed('orders', { nameOf }).for('a')
  fail(breaker)
  breaker.tryAcquire()

  for (const event of [...transitions, ...failures, ...rejections, breaker.status()]) {
    expect(event).toMatchObject({ key: 'a', family: 'orders' })
  }
})

test('a breaker of no family names none', () => {
  const { registry } = twoFamilies()
  const transitions = hear(registry, 'transition')
  fail(registry.get('payments'))

  expect(transitions[0]).not.toHaveProperty('family')
  expect(registry.get('payments').status()).not.toHaveProperty('family')
})

test('an observer is told the key and the family', () => {
  const { registry } = twoFamilies()
  const admitted: unknown[][] = []
  const observer: CallObserver = {
    callAdmitted: (...args) => void admitted.push(args),
    traceId: () => undefined,
  }
  registry.observe(observer)

  succeed(registry.keyed('orders', { nameOf }).for('a'))
  succeed(registry.get('payments'))

  expect(admitted).toEqual([
    ['api.example', 'closed', false, 'a', 'orders'],
    ['payments', 'closed', false, undefined, undefined],
  ])
})

test('an observer of probes alone is not told of other calls', () => {
  const { clock, registry } = twoFamilies()
  const admitted: unknown[] = []
  registry.observe({
    probesOnly: true,
    callAdmitted: (...args) => void admitted.push(args),
    traceId: () => 'a trace',
  })
  const breaker = registry.get('payments', { openMs: 1_000 })

  fail(breaker)
  clock.advance(1_000)
  succeed(breaker)

  expect(admitted).toEqual([['payments', 'half_open', true, undefined, undefined]])
  expect(breaker.status().recentFailures.map(({ traceId }) => traceId)).toEqual(['a trace'])
})

test('incidents of two families with breakers of one name and one key are two', () => {
  const { registry } = twoFamilies()
  const reports: Incident[] = []
  watchIncidents(registry, (incident) => void reports.push(incident))
  const [one, other] = [registry.keyed('orders', { nameOf }).for('a'), registry.keyed('refunds', { nameOf }).for('a')]

  fail(one)
  fail(other)
  one.reset()

  expect(reports.map(({ phase, name, key, family }) => [phase, name, key, family])).toEqual([
    ['opened', 'api.example', 'a', 'orders'],
    ['opened', 'api.example', 'a', 'refunds'],
    ['recovered', 'api.example', 'a', 'orders'],
  ])
  expect(new Set(reports.map(({ id }) => id)).size).toBe(2)
})
