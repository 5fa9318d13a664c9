import { expect, test } from 'vitest'
import {
  anyOf,
  CircuitBreakerRegistry,
  type KeyedOptions,
  consecutiveFailures,
  failureRate,
  slowCallRate,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

function setUp(options: KeyedOptions = {}) {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock })
  registry.on('warning', () => {})
  const family = registry.keyed('origins', { trip: consecutiveFailures(2), openMs: 10_000, ...options })
  return { clock, registry, family }
}

const zeros = { success: 0, failure: 0, ignored: 0, stale: 0, slow: 0, active: 0 }

test('a family is there before its first key, with nothing counted', () => {
  const { family } = setUp({ critical: true, mode: 'observe' })

  expect(family.summary()).toEqual([
    {
      name: 'origins',
      mode: 'observe',
      critical: true,
      breakers: 0,
      states: { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 },
      totals: zeros,
      trip: [],
      failuresByType: {},
      rejections: { open: 0, half_open_full: 0, ramping: 0, forced_open: 0 },
      wouldReject: { open: 0, half_open_full: 0, ramping: 0, forced_open: 0 },
      transitions: [],
      timeInState: { closed: 0, open: 0, half_open: 0, forced_open: 0, disabled: 0 },
    },
  ])
})

test('the numbers of all keys are added up', () => {
  const { family, clock } = setUp()
  succeed(family.for('a'), 3)
  family.for('a').acquire()
  family.for('a').acquire().ignore()
  fail(family.for('b'), 2)
  fail(family.for('c'), 1, new TypeError('broken'))
  family.for('c').forceOpen({ reason: 'maintenance' })
  family.for('d').disable({ reason: 'maintenance' })
  for (let i = 0; i < 4; i++) family.for('b').tryAcquire()
  family.for('c').tryAcquire()
  clock.advance(1_000)

  expect(family.summary()).toEqual([
    expect.objectContaining({
      breakers: 4,
      states: { closed: 1, open: 1, half_open: 0, forced_open: 1, disabled: 1 },
      totals: { ...zeros, success: 3, failure: 3, ignored: 1, active: 1 },
      failuresByType: { Error: 2, TypeError: 1 },
      rejections: { open: 4, half_open_full: 0, ramping: 0, forced_open: 1 },
      transitions: [
        { from: 'closed', to: 'open', count: 1 },
        { from: 'closed', to: 'forced_open', count: 1 },
        { from: 'closed', to: 'disabled', count: 1 },
      ],
      timeInState: { closed: 1_000, open: 1_000, half_open: 0, forced_open: 1_000, disabled: 1_000 },
    }),
  ])
})

test('of each trip policy there is the reading of the breaker that is nearest to what trips', () => {
  const { family } = setUp({
    trip: anyOf(consecutiveFailures(5), failureRate({ threshold: 0.8, minimumCalls: 3, window: { calls: 10 } })),
  })
  family.for('new')
  expect(family.summary()).toMatchObject([{ trip: [{ policy: 'consecutive_failures', threshold: 5, value: 0 }, {}] }])
  expect(family.summary()[0]?.trip[1]).not.toHaveProperty('value')

  succeed(family.for('healthy'), 4)
  fail(family.for('a'), 2)
  family.for('a').reset()
  succeed(family.for('b'), 3)
  fail(family.for('b'))
  succeed(family.for('c'))
  fail(family.for('c'))
  succeed(family.for('c'))
  fail(family.for('d'))

  expect(family.summary()).toMatchObject([
    {
      trip: [
        { policy: 'consecutive_failures', threshold: 5, value: 1 },
        { policy: 'failure_rate', threshold: 0.8, value: 1 / 3, calls: 3, minimumCalls: 3 },
      ],
    },
  ])
  fail(family.for('d'))
  expect(family.summary()).toMatchObject([{ trip: [{ value: 2 }, { value: 1 / 3 }] }])
})

test('of breakers that are equally near the first one made is read', () => {
  const { family } = setUp({ trip: failureRate({ minimumCalls: 2, threshold: 0.6, window: { calls: 10 } }) })
  for (const [key, calls] of Object.entries({ a: 1, b: 2 })) {
    succeed(family.for(key), calls)
    fail(family.for(key), calls)
  }

  expect(family.summary()).toMatchObject([{ trip: [{ value: 0.5, calls: 2 }] }])
})

test('a trip policy that throws when it is asked whether it knows of failures is asked for readings', () => {
  const tracker = {
    record: () => undefined,
    readings: () => [{ policy: 'own', threshold: 1, value: 0.5 }],
    clear: () => {},
    isClear: () => {
      throw new Error('broken')
    },
  }
  const { family } = setUp({ trip: { timed: false, createTracker: () => tracker } })
  for (const key of ['a', 'b']) family.for(key)

  expect(family.summary()).toMatchObject([{ trip: [{ policy: 'own', value: 0.5 }] }])
})

test('transitions of one kind are added up', () => {
  const { family } = setUp()
  for (const key of ['a', 'b', 'c']) fail(family.for(key), 2)
  family.delete('a')

  expect(family.summary()).toMatchObject([
    {
      transitions: [
        { from: 'closed', to: 'open', count: 3 },
        { from: 'open', to: 'closed', count: 1 },
      ],
    },
  ])
})

test('transitions to one state are told apart by the state they come from', () => {
  const { family, clock } = setUp()
  fail(family.for('a'), 2)
  clock.advance(10_000)
  fail(family.for('a'))

  expect(family.summary()[0]?.transitions).toEqual([
    { from: 'closed', to: 'open', count: 1 },
    { from: 'open', to: 'half_open', count: 1 },
    { from: 'half_open', to: 'open', count: 1 },
  ])
})

test('an open breaker whose time is over is half-open in the sums', () => {
  const { family, clock } = setUp()
  fail(family.for('a'), 2)
  clock.advance(15_000)

  expect(family.summary()).toMatchObject([
    { states: { open: 0, half_open: 1 }, timeInState: { closed: 0, open: 10_000, half_open: 5_000 } },
  ])
})

test('no sum goes down when keys are let go', () => {
  const { family, clock } = setUp({ maxKeys: 1, idleMs: 60_000, trip: slowCallRate({ slowMs: 100, minimumCalls: 2 }) })
  const late = family.for('a').acquire()
  const slow = family.for('a').acquire()
  clock.advance(100)
  slow.failure(new TypeError('broken'))
  family.for('a').acquire().failure()
  family.for('a').forceOpen({ reason: 'maintenance' })[Symbol.dispose]()
  late.success()
  const probe = family.for('a').acquire()
  probe.success()
  clock.advance(60_000)
  const [before] = family.summary()

  family.for('b')
  const [after] = family.summary()

  expect(family.peek('a')).toBeUndefined()
  expect(before?.totals).toEqual({ ...zeros, success: 2, failure: 2, stale: 1, slow: 2 })
  expect(after?.totals).toEqual(before?.totals)
  expect(after?.failuresByType).toEqual(before?.failuresByType)
  expect(after?.timeInState).toEqual(before?.timeInState)
  expect(after?.transitions).toEqual([...(before?.transitions ?? []), { from: 'half_open', to: 'closed', count: 1 }])
  expect(after).toMatchObject({ breakers: 1, states: { closed: 1, half_open: 0 } })
})

test('rejections of keys that were let go stay in the sums, those that observing would have made too', () => {
  const enforced = setUp().family
  const observed = setUp({ mode: 'observe' }).family
  for (const family of [enforced, observed]) {
    fail(family.for('a'), 2)
    family.for('a').tryAcquire()
    family.delete('a')
    fail(family.for('b'), 2)
    family.for('b').tryAcquire()
  }

  expect(enforced.summary()).toMatchObject([{ rejections: { open: 2 }, wouldReject: { open: 0 } }])
  expect(observed.summary()).toMatchObject([{ rejections: { open: 0 }, wouldReject: { open: 2 } }])
})

test('reading the sums changes nothing', () => {
  const { family, registry, clock } = setUp()
  fail(family.for('a'), 2)
  clock.advance(10_000)
  const transitions = hear(registry, 'transition')

  expect(family.summary()).toEqual(family.summary())

  expect(transitions).toEqual([])
})

test('the shared breaker has a line of its own', () => {
  const { family } = setUp({ maxKeys: 1 })
  fail(family.for('a'))
  fail(family.for('b'))

  expect(family.summary()).toMatchObject([
    { name: 'origins', breakers: 1, totals: { failure: 1 } },
    { name: 'origins:_OTHER', breakers: 1, totals: { failure: 1 } },
  ])
})

test('nameOf names breakers, and breakers of one name are added up', () => {
  const { family } = setUp({ nameOf: (key) => key.split(':')[0] ?? '' })
  succeed(family.for('eu:1'))
  succeed(family.for('eu:2'))
  succeed(family.for('us:1'))

  expect(family.for('eu:1').name).toBe('eu')
  expect(family.summary()).toMatchObject([
    { name: 'eu', breakers: 2, totals: { success: 2 } },
    { name: 'us', breakers: 1, totals: { success: 1 } },
  ])
})

test('a name stays when its last key is let go, and goes on where it was when another one has it', () => {
  const { family } = setUp({ nameOf: (key) => key.split(':')[0] ?? '' })
  succeed(family.for('eu:1'))
  succeed(family.for('eu:2'))

  family.delete('eu:1')
  expect(family.summary()).toMatchObject([{ name: 'eu', breakers: 1, totals: { success: 2 } }])

  family.delete('eu:2')
  expect(family.summary()).toMatchObject([
    { name: 'eu', breakers: 0, states: { closed: 0 }, trip: [], totals: { success: 2, active: 0 } },
  ])

  succeed(family.for('eu:3'))
  expect(family.summary()).toMatchObject([{ name: 'eu', breakers: 1, totals: { success: 3 } }])
})

test('of names that no key has any more the last thousand are kept', () => {
  const { family } = setUp({ nameOf: (key) => key })
  for (let i = 0; i <= 1_000; i++) {
    family.for(`name ${i}`)
    family.delete(`name ${i}`)
    // This one is used again and again.
    family.for('name 0')
    family.delete('name 0')
  }

  const names = family.summary().map(({ name }) => name)
  expect(names).toHaveLength(1_000)
  expect(names).toContain('name 0')
  expect(names).not.toContain('name 1')
})

test('a name that a key has stays, however many others come and go', () => {
  const { family } = setUp({ nameOf: (key) => key.split(':')[0] ?? '' })
  for (const key of ['eu:1', 'eu:2', 'us:1']) succeed(family.for(key))
  family.delete('eu:1')
  family.delete('us:1')
  succeed(family.for('us:2'))
  for (let i = 0; i <= 1_000; i++) {
    family.for(`name ${i}`)
    family.delete(`name ${i}`)
  }

  expect(family.summary().slice(0, 2)).toMatchObject([
    { name: 'eu', breakers: 1, totals: { success: 2 } },
    { name: 'us', breakers: 1, totals: { success: 2 } },
  ])
})

test.each<[string, (key: string) => string]>([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['gives no string', () => undefined as unknown as string],
  ['gives an empty one', () => ''],
])("when nameOf %s, the family's name is used, and one warning says so", (_, nameOf) => {
  const { family, registry } = setUp({ nameOf })
  const warnings = hear(registry, 'warning')

  expect(family.for('a').name).toBe('origins')
  expect(family.for('b').name).toBe('origins')

  expect(warnings).toMatchObject([{ breaker: 'origins', code: 'name_of_threw' }])
  expect(warnings[0]?.message).toMatch(/^nameOf /)
})

test('fifty failure types are counted by name, and what is counted by name stays so', () => {
  const { family } = setUp({ trip: consecutiveFailures(1_000) })
  const failAs = (key: string, type: string): void => family.for(key).acquire().failure(new Error('x'), { type })
  for (let i = 0; i < 60; i++) failAs(`key ${Math.floor(i / 5)}`, `type_${i}`)
  const [before] = family.summary()
  for (let i = 0; i < 12; i++) family.delete(`key ${i}`)
  failAs('key 20', 'type_55')
  failAs('key 20', 'type_0')
  const [after] = family.summary()

  expect(Object.keys(before?.failuresByType ?? {})).toHaveLength(51)
  expect(before?.failuresByType).toMatchObject({ type_0: 1, type_49: 1, _OTHER: 10 })
  expect(after?.failuresByType).toMatchObject({ type_0: 2, type_49: 1, _OTHER: 11 })
})
