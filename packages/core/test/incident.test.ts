import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
  type Incident,
  type IncidentOptions,
  type IncidentSource,
  watchIncidents,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, succeed } from './drive.ts'

const options: CircuitBreakerOptions = {
  trip: consecutiveFailures(2),
  openMs: 10_000,
  halfOpen: { successesToClose: 1 },
}

function watch(source: IncidentSource, how?: IncidentOptions): Incident[] {
  const reports: Incident[] = []
  watchIncidents(source, (incident) => void reports.push(incident), how)
  return reports
}

function setUp(how?: IncidentOptions): { clock: ManualClock; breaker: CircuitBreaker; reports: Incident[] } {
  const clock = new ManualClock({ wallNow: 1_000_000 })
  const breaker = new CircuitBreaker('payments', { ...options, clock })
  return { clock, breaker, reports: watch(breaker, how) }
}

test('an incident is reported once when the breaker opens and once when it closes', () => {
  const { clock, breaker, reports } = setUp()
  fail(breaker, 2)
  for (let i = 0; i < 5; i++) breaker.tryAcquire()
  clock.advance(10_000)
  succeed(breaker)

  expect(reports).toMatchObject([
    {
      phase: 'opened',
      name: 'payments',
      state: 'open',
      trigger: 'consecutive_failures',
      openedAt: 1_000_000,
      durationMs: 0,
      openings: 1,
      rejected: 0,
      underWay: 1,
    },
    {
      phase: 'recovered',
      name: 'payments',
      state: 'closed',
      trigger: 'consecutive_failures',
      openedAt: 1_000_000,
      durationMs: 10_000,
      openings: 1,
      rejected: 5,
      underWay: 0,
    },
  ])
  expect(reports[0]).not.toHaveProperty('key')
  expect(reports[0]).not.toHaveProperty('family')
})

test('reports carry the transition that began the incident, with its evidence, and the one they are about', () => {
  const { clock, breaker, reports } = setUp()
  const transitions = hear(breaker, 'transition')
  fail(breaker, 2)
  clock.advance(10_000)
  succeed(breaker)

  const [opening, , closing] = transitions
  expect(opening).toMatchObject({ to: 'open', error: down, window: [{ policy: 'consecutive_failures', value: 2 }] })
  expect(reports.map(({ opening: began }) => began)).toEqual([opening, opening])
  expect(reports.map(({ transition }) => transition)).toEqual([opening, closing])
})

test('opening again before the close is an update of the same incident', () => {
  const { clock, breaker, reports } = setUp()
  fail(breaker, 2)
  for (let i = 0; i < 3; i++) {
    clock.advance(10_000)
    breaker.acquire().failure()
    breaker.tryAcquire()
  }
  clock.advance(10_000)
  succeed(breaker)

  expect(reports.map(({ phase, openings, durationMs, rejected }) => [phase, openings, durationMs, rejected])).toEqual([
    ['opened', 1, 0, 0],
    ['updated', 2, 10_000, 0],
    ['updated', 3, 20_000, 1],
    ['updated', 4, 30_000, 2],
    ['recovered', 4, 40_000, 3],
  ])
  expect(new Set(reports.map(({ id }) => id)).size).toBe(1)
})

test('each incident has an id of its own', () => {
  const { breaker, reports } = setUp()
  for (let i = 0; i < 100; i++) {
    fail(breaker, 2)
    breaker.reset()
  }

  expect(reports.filter(({ phase }) => phase === 'opened')).toHaveLength(100)
  expect(reports.filter(({ phase }) => phase === 'recovered')).toHaveLength(100)
  expect(new Set(reports.map(({ id }) => id)).size).toBe(100)
  for (const { id } of reports) expect(id).toMatch(/^[a-z0-9]{1,10}-[a-z0-9]{1,8}$/)
})

test('an operator who takes the breaker over in an incident updates it, and the close after that ends it', () => {
  const { clock, breaker, reports } = setUp()
  fail(breaker, 2)
  const forced = breaker.forceOpen({ reason: 'maintenance' })
  const disabled = breaker.disable({ reason: 'maintenance' })
  forced[Symbol.dispose]()
  disabled[Symbol.dispose]()
  clock.advance(1)

  expect(reports.map(({ phase, state, openings }) => [phase, state, openings])).toEqual([
    ['opened', 'open', 1],
    ['updated', 'forced_open', 1],
    ['updated', 'disabled', 1],
    ['recovered', 'closed', 1],
  ])
})

test('what an operator does outside an incident is none', () => {
  const { breaker, reports } = setUp()
  const warnings = hear(breaker, 'warning')
  breaker.forceOpen({ reason: 'maintenance' })
  breaker.tryAcquire()
  breaker.reset()
  breaker.disable({ reason: 'maintenance' })[Symbol.dispose]()

  expect(reports).toEqual([])
  expect(warnings).toEqual([])
})

test('a failed trial after a forced open begins an incident', () => {
  const { breaker, reports } = setUp()
  breaker.forceOpen({ reason: 'maintenance' })[Symbol.dispose]()
  fail(breaker)

  expect(reports).toMatchObject([{ phase: 'opened', trigger: 'probe_failed' }])
})

test('an incident that had begun before is not reported', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { ...options, clock })
  fail(breaker, 2)
  const reports = watch(breaker)

  clock.advance(10_000)
  succeed(breaker)
  fail(breaker, 2)

  expect(reports).toMatchObject([{ phase: 'opened', underWay: 1 }])
})

test('nothing is reported after the handle was disposed of', () => {
  const { breaker } = setUp()
  const reports: Incident[] = []
  const handle = watchIncidents(breaker, (incident) => reports.push(incident), { remindEveryMs: 1 })
  handle[Symbol.dispose]()

  fail(breaker, 2)
  breaker.tryAcquire()

  expect(reports).toEqual([])
})

test('a breaker that only observes has incidents, and has rejected nothing', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { ...options, clock, mode: 'observe' })
  const reports = watch(breaker)
  fail(breaker, 2)
  succeed(breaker)
  clock.advance(10_000)
  succeed(breaker)

  expect(reports).toMatchObject([{ phase: 'opened' }, { phase: 'recovered', rejected: 0 }])
})

test('a reminder comes with the first rejected call when remindEveryMs has gone by, and again', () => {
  const { clock, breaker, reports } = setUp({ remindEveryMs: 2_000 })
  fail(breaker, 2)
  for (let i = 0; i < 9; i++) {
    clock.advance(1_000)
    breaker.tryAcquire()
  }

  expect(reports.map(({ phase, durationMs, rejected }) => [phase, durationMs, rejected])).toEqual([
    ['opened', 0, 0],
    ['reminder', 2_000, 2],
    ['reminder', 4_000, 4],
    ['reminder', 6_000, 6],
    ['reminder', 8_000, 8],
  ])
  expect(reports[1]).not.toHaveProperty('transition')
  expect(reports[1]).toMatchObject({ state: 'open', openings: 1, underWay: 1 })
})

test('updates do not put a reminder off, and its duration is that of the whole incident', () => {
  const { clock, breaker, reports } = setUp({ remindEveryMs: 15_000 })
  fail(breaker, 2)
  clock.advance(10_000)
  breaker.acquire().failure()
  clock.advance(5_000)
  breaker.tryAcquire()

  expect(reports.map(({ phase, durationMs }) => [phase, durationMs])).toEqual([
    ['opened', 0],
    ['updated', 10_000],
    ['reminder', 15_000],
  ])
})

test('a wall clock that goes back makes no negative duration', () => {
  let wall = 1_000_000
  const breaker = new CircuitBreaker('payments', { ...options, clock: { now: () => 0, wallNow: () => wall } })
  const reports = watch(breaker, { remindEveryMs: 1 })
  fail(breaker, 2)
  wall -= 5_000
  breaker.tryAcquire()
  wall += 5_001
  breaker.tryAcquire()
  wall -= 5_000
  breaker.reset()

  expect(reports.map(({ phase, durationMs }) => [phase, durationMs])).toEqual([
    ['opened', 0],
    ['reminder', 1],
    ['recovered', 0],
  ])
})

test('without remindEveryMs nothing is repeated', () => {
  const { clock, breaker, reports } = setUp()
  fail(breaker, 2)
  clock.advance(9_999)
  breaker.tryAcquire()

  expect(reports).toHaveLength(1)
})

test('of a registry, the incidents of all breakers are told apart by name and key', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock(), defaults: options })
  const reports = watch(registry)
  const origins = registry.keyed('origins')
  fail(origins.for('a'), 2)
  fail(origins.for('b'), 2)
  fail(registry.get('payments'), 2)
  origins.for('b').tryAcquire()
  origins.reset('b')
  origins.reset('a')
  registry.reset('payments')

  expect(reports.map(({ phase, name, key, rejected, underWay }) => [phase, name, key, rejected, underWay])).toEqual([
    ['opened', 'origins', 'a', 0, 1],
    ['opened', 'origins', 'b', 0, 2],
    ['opened', 'payments', undefined, 0, 3],
    ['recovered', 'origins', 'b', 1, 2],
    ['recovered', 'origins', 'a', 0, 1],
    ['recovered', 'payments', undefined, 0, 0],
  ])
})

test('a breaker without a key is told apart from one with any key', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock(), defaults: options })
  const reports = watch(registry)
  fail(registry.get('origins'), 2)
  fail(registry.keyed('origins').for('undefined'), 2)
  registry.reset('origins')

  expect(reports.map(({ phase, key }) => [phase, key])).toEqual([
    ['opened', undefined],
    ['opened', 'undefined'],
    ['recovered', undefined],
  ])
})

test('an incident ends when its key is let go', () => {
  const clock = new ManualClock()
  const origins = new CircuitBreakerRegistry({ clock, defaults: options }).keyed('origins', { idleMs: 60_000 })
  const reports = watch(origins)
  fail(origins.for('a'), 2)
  clock.advance(60_000)
  origins.for('b')

  expect(reports).toMatchObject([
    { phase: 'opened', key: 'a' },
    { phase: 'recovered', key: 'a', transition: { trigger: 'reset' } },
  ])
})

test('a breaker that takes the name of one that was deleted in an incident has one of its own', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock(), defaults: options })
  const reports = watch(registry)
  fail(registry.get('payments'), 2)
  registry.delete('payments')
  fail(registry.get('payments'), 2)
  registry.reset('payments')

  expect(reports.map(({ phase, underWay }) => [phase, underWay])).toEqual([
    ['opened', 1],
    ['opened', 1],
    ['recovered', 0],
  ])
  const [first, second, third] = reports.map(({ id }) => id)
  expect([second, third]).toEqual([second, second])
  expect(second).not.toBe(first)
})

test('an onIncident that throws is reported once, hurts no call and gets the next reports', () => {
  const { breaker } = setUp()
  const warnings = hear(breaker, 'warning')
  const phases: string[] = []
  watchIncidents(breaker, ({ phase }) => {
    phases.push(phase)
    throw new Error('broken')
  })
  fail(breaker, 2)
  breaker.reset()

  expect(phases).toEqual(['opened', 'recovered'])
  expect(warnings).toMatchObject([{ code: 'listener_threw', error: { message: 'broken' } }])
})

test('an onIncident that rejects is reported once', async () => {
  const { breaker } = setUp()
  const warnings = hear(breaker, 'warning')
  watchIncidents(breaker, async () => Promise.reject(new Error('broken')), { remindEveryMs: 1e-9 })
  fail(breaker, 2)
  breaker.tryAcquire()
  breaker.reset()
  await new Promise(setImmediate)

  expect(warnings).toMatchObject([{ code: 'listener_threw', error: { message: 'broken' } }])
})

test('an onIncident may reset the breaker', () => {
  const { breaker } = setUp()
  const phases: string[] = []
  watchIncidents(breaker, ({ phase }) => {
    phases.push(phase)
    breaker.reset()
  })
  fail(breaker, 2)

  expect(phases).toEqual(['opened', 'recovered'])
  expect(breaker.state).toBe('closed')
})

test('options that are not allowed are refused', () => {
  const { breaker } = setUp()

  expect(() => watchIncidents(breaker, undefined as unknown as () => void)).toThrow(
    'onIncident is undefined; allowed: a function',
  )
  expect(() => watchIncidents(breaker, () => {}, { remindEveryMs: 0 })).toThrow(CircuitBreakerConfigError)
  expect(() => watchIncidents(breaker, () => {}, { remindEvery: 5 } as IncidentOptions)).toThrow(
    'did you mean remindEveryMs?',
  )
})
