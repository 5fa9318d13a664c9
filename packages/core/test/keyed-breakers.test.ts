import { expect, test } from 'vitest'
import {
  CircuitBreakerConfigError,
  CircuitBreakerRegistry,
  type KeyedBreakers,
  type KeyedOptions,
  consecutiveFailures,
  exponentialBackoff,
  failureRate,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

function setUp(options: KeyedOptions = {}): {
  clock: ManualClock
  registry: CircuitBreakerRegistry
  family: KeyedBreakers
} {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock })
  registry.on('warning', () => {})
  const family = registry.keyed('origins', { trip: consecutiveFailures(2), openMs: 10_000, ...options })
  return { clock, registry, family }
}

/** Asks for each key in turn, as calls do. */
function use(family: KeyedBreakers, ...keys: string[]): void {
  for (const key of keys) succeed(family.for(key))
}

const keysOf = (family: KeyedBreakers): string[] => [...family].map(([key]) => key)

test('each key has one breaker, made when it is first asked for', () => {
  const { family } = setUp()
  expect(family.peek('a')).toBeUndefined()

  const a = family.for('a')

  expect(family.for('a')).toBe(a)
  expect(family.peek('a')).toBe(a)
  expect(family.for('b')).not.toBe(a)
  expect(family.size).toBe(2)
  expect(keysOf(family)).toEqual(['a', 'b'])
})

test('a key whose only failure came too late to count is let go like any other', () => {
  const { clock, family } = setUp({ idleMs: 1_000 })
  const breaker = family.for('a')
  const late = breaker.acquire()
  breaker.trip({ reason: 'test' })
  breaker.reset()
  late.failure()
  clock.advance(1_000)

  use(family, 'b')

  expect(keysOf(family)).toEqual(['b'])
})

test('a closed breaker that is let go knows on what it knew, for those who hold it', () => {
  const { family } = setUp()
  const held = family.for('a')
  fail(held)
  family.delete('a')

  fail(held)

  expect(held.state).toBe('open')
})

test('one key opens alone', () => {
  const { family } = setUp()
  fail(family.for('a'), 2)

  expect(family.for('a').state).toBe('open')
  expect(family.for('b').state).toBe('closed')
})

test("breakers have the family's name, and status and events say which key", () => {
  const { family, registry } = setUp()
  const transitions = hear(registry, 'transition')

  fail(family.for('a'), 2)

  expect(transitions).toMatchObject([{ breaker: 'origins', key: 'a', to: 'open' }])
  expect(family.status()).toMatchObject({ a: { name: 'origins', key: 'a', state: 'open' } })
})

test('a listener of the family hears of its breakers and of no others', () => {
  const { family, registry } = setUp()
  const failures = hear(family, 'failure')

  fail(registry.get('payments'))
  fail(family.for('a'))

  expect(failures).toMatchObject([{ breaker: 'origins', key: 'a' }])
})

test('an empty key is refused, also by callers without types', () => {
  const { family } = setUp()

  expect(() => family.for('')).toThrow('a key of "origins" is ""; allowed: a string that is not empty')
  expect(() => family.for(7 as unknown as string)).toThrow(CircuitBreakerConfigError)
})

test.each<[KeyedOptions, string]>([
  [{ maxKeys: 0 }, 'maxKeys is 0; allowed: a whole number of at least 1'],
  [{ maxKeys: Number.POSITIVE_INFINITY }, 'maxKeys is Infinity; allowed: a whole number of at least 1'],
  [{ idleMs: -1 }, 'idleMs is -1; allowed: a number of ms, 0 or more'],
  [{ nameOf: 'x' as unknown as () => string }, 'nameOf is "x"; allowed: a function'],
  [{ maxKey: 5 } as KeyedOptions, 'maxKey is 5; allowed: did you mean maxKeys?'],
  [{ openMS: 5 } as KeyedOptions, 'openMS is 5; allowed: did you mean openMs?'],
  [{ restore: {} } as KeyedOptions, 'restore is an object; allowed: no option of this name'],
  [{ openMs: -1 }, 'openMs is -1'],
])('options that are not allowed are refused: %o', (options, message) => {
  const registry = new CircuitBreakerRegistry()

  expect(thrownBy(() => registry.keyed('origins', options))).toMatchObject({
    name: 'CircuitBreakerConfigError',
    message: expect.stringContaining(message),
  })
  expect([...registry.families()]).toEqual([])
})

test('a family without a name is refused', () => {
  const registry = new CircuitBreakerRegistry()

  expect(() => registry.keyed('')).toThrow('a family\'s name is ""; allowed: a string that is not empty')
  expect(() => registry.keyed(5 as unknown as string)).toThrow(CircuitBreakerConfigError)
})

test('a family is made once, and its first options hold', () => {
  const { family, registry } = setUp({ maxKeys: 2 })
  const warnings = hear(registry, 'warning')

  expect(registry.keyed('origins')).toBe(family)
  expect(registry.keyed('origins', { trip: consecutiveFailures(2), openMs: 10_000, maxKeys: 2 })).toBe(family)
  expect(warnings).toEqual([])

  expect(registry.keyed('origins', { trip: consecutiveFailures(2), openMs: 5, maxKeys: 3 })).toBe(family)
  expect(registry.keyed('origins', { openMs: 6 })).toBe(family)

  expect(warnings).toHaveLength(1)
  expect(warnings).toMatchObject([{ breaker: 'origins', code: 'options_differ' }])
  expect(warnings[0]?.message).toContain('openMs, halfOpen, maxKeys')
  use(family, 'a', 'b', 'c')
  expect(family.size).toBe(2)
})

test("keys have the registry's defaults under the family's options", () => {
  const registry = new CircuitBreakerRegistry({ defaults: { trip: consecutiveFailures(1), critical: true } })
  const breaker = registry.keyed('origins', { critical: false }).for('a')

  fail(breaker)

  expect(breaker.status()).toMatchObject({ state: 'open', critical: false })
})

test('keyed breakers are not among the breakers that the registry gives', () => {
  const { family, registry } = setUp()
  registry.get('payments')
  use(family, 'a')

  expect([...registry].map(({ name }) => name)).toEqual(['payments'])
  expect(registry.peek('origins')).toBeUndefined()
  expect([...registry.families()]).toEqual([family])
})

test('resetAll of the registry resets every key, and the shared breaker', () => {
  const { family, registry } = setUp({ maxKeys: 1 })
  fail(family.for('a'), 2)
  fail(family.for('b'), 2)
  expect([family.for('a').state, family.overflow?.state]).toEqual(['open', 'open'])

  registry.resetAll()

  expect([family.for('a').state, family.overflow?.state]).toEqual(['closed', 'closed'])
})

test('resetAll resets every key', () => {
  const { family } = setUp()
  for (const key of ['a', 'b']) fail(family.for(key), 2)

  family.resetAll()

  expect([family.for('a').state, family.for('b').state]).toEqual(['closed', 'closed'])
})

test('reset resets one key', () => {
  const { family } = setUp()
  for (const key of ['a', 'b']) fail(family.for(key), 2)

  family.for('c')
  expect(family.reset('a')).toBe(true)
  expect(family.reset('d')).toBe(false)

  expect([family.for('a').state, family.for('b').state]).toEqual(['closed', 'open'])
})

test('past maxKeys the key that was not used for the longest time is let go', () => {
  const { family } = setUp({ maxKeys: 3 })
  use(family, 'a', 'b', 'c')
  use(family, 'b', 'a', 'b')

  use(family, 'd')
  expect(keysOf(family)).toEqual(['a', 'b', 'd'])

  use(family, 'e')
  expect(keysOf(family)).toEqual(['b', 'd', 'e'])
})

test('looking at keys does not count as use', () => {
  const { family } = setUp({ maxKeys: 2 })
  use(family, 'a', 'b')

  family.peek('a')
  family.status()
  family.reset('a')
  use(family, 'c')

  expect(keysOf(family)).toEqual(['b', 'c'])
})

test.each<[string, (family: KeyedBreakers) => unknown]>([
  ['with a call in flight', (family) => family.for('a').acquire()],
  ['with a failure in its window', (family) => fail(family.for('a'))],
  ['that is open', (family) => fail(family.for('a'), 2)],
  ['that is forced open', (family) => family.for('a').forceOpen({ reason: 'maintenance' })],
  ['that is disabled', (family) => family.for('a').disable({ reason: 'maintenance' })],
])('a key %s is not let go to make room', (_, make) => {
  const { family } = setUp({ maxKeys: 2, idleMs: Number.POSITIVE_INFINITY })
  make(family)
  const a = family.peek('a')

  for (let i = 0; i < 20; i++) use(family, `other ${i}`)

  expect(family.peek('a')).toBe(a)
  expect(family.size).toBe(2)
  expect(family.overflow).toBeUndefined()
})

test('a key that can go no longer counts as one that cannot', () => {
  const { family, clock } = setUp({ maxKeys: 1, idleMs: Number.POSITIVE_INFINITY })
  const permit = family.for('a').acquire()
  expect(family.for('b')).toBe(family.overflow)

  permit.success()
  use(family, 'b')
  expect(keysOf(family)).toEqual(['b'])

  fail(family.for('b'), 2)
  clock.advance(10_000)
  expect(family.for('c')).toBe(family.overflow)
  for (let i = 0; i < 3; i++) succeed(family.for('b'))
  expect(family.for('c')).not.toBe(family.overflow)
})

test('the one key of many that can go is found', () => {
  const { family } = setUp({ maxKeys: 8, idleMs: Number.POSITIVE_INFINITY })
  const sick = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  use(family, ...sick, 'healthy')
  for (const key of sick) fail(family.for(key))

  use(family, 'h')
  expect(family.peek('healthy')).toBeUndefined()
  fail(family.for('h'))
  expect(family.for('i')).toBe(family.overflow)

  succeed(family.for('e'))
  use(family, 'i')
  expect(family.peek('i')).toBeDefined()
  expect(family.peek('e')).toBeUndefined()
  expect(family.size).toBe(8)
})

test('a failure that has left its window does not keep a key', () => {
  const { family, clock } = setUp({
    trip: failureRate({ window: { ms: 1_000, buckets: 2 } }),
    maxKeys: 1,
    idleMs: Number.POSITIVE_INFINITY,
  })
  fail(family.for('a'))
  expect(family.for('b')).toBe(family.overflow)

  clock.advance(2_000)

  expect(family.for('b')).not.toBe(family.overflow)
})

test('a key that has a longer open time to come is kept until that is forgotten', () => {
  const { family, clock } = setUp({
    openMs: exponentialBackoff({ initialMs: 1_000, maxMs: 8_000, jitter: 0, decayMs: 60_000 }),
    maxKeys: 1,
    idleMs: Number.POSITIVE_INFINITY,
  })
  fail(family.for('a'), 2)
  clock.advance(1_000)
  succeed(family.for('a'), 3)
  expect(family.for('a').state).toBe('closed')
  clock.advance(59_999)
  expect(family.for('b')).toBe(family.overflow)

  clock.advance(1)

  expect(family.for('b')).not.toBe(family.overflow)
})

test('a key whose next open time is the same as before may go when it has recovered', () => {
  const { family, clock } = setUp({ openMs: () => 1_000, maxKeys: 1, idleMs: Number.POSITIVE_INFINITY })
  fail(family.for('a'), 2)
  clock.advance(1_000)
  succeed(family.for('a'), 3)

  expect(family.for('b')).not.toBe(family.overflow)
})

test('a trip policy that cannot say whether it knows of failures keeps its keys until they are idle', () => {
  const tracker = { record: () => undefined, readings: () => [], clear: () => {} }
  const throwing = {
    ...tracker,
    isClear: () => {
      throw new Error('broken')
    },
  }
  for (const made of [tracker, throwing]) {
    const { family, clock } = setUp({ trip: { timed: false, createTracker: () => made }, maxKeys: 1, idleMs: 1_000 })
    use(family, 'a')
    expect(family.for('b')).toBe(family.overflow)

    clock.advance(1_000)
    expect(family.for('b')).not.toBe(family.overflow)
  }
})

test('when no key can go, further keys share one breaker, and one warning says so', () => {
  const { family, registry } = setUp({ maxKeys: 2 })
  const warnings = hear(registry, 'warning')
  const transitions = hear(registry, 'transition')
  for (const key of ['a', 'b']) fail(family.for(key))
  expect(family.overflow).toBeUndefined()

  const shared = family.for('c')

  expect(family.for('d')).toBe(shared)
  expect(family.overflow).toBe(shared)
  expect(shared.name).toBe('origins:_OTHER')
  expect(family.size).toBe(2)
  expect(family.peek('c')).toBeUndefined()
  expect(warnings).toMatchObject([{ breaker: 'origins', code: 'keys_exhausted' }])
  expect(warnings[0]?.message).toContain('"origins:_OTHER"')
  expect(warnings[0]).not.toHaveProperty('error')
  fail(shared, 2)
  expect(transitions).toMatchObject([{ breaker: 'origins:_OTHER', key: '_OTHER' }])
})

test('a key is let go when it was not used for idleMs and a new key comes', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  family.for('a')
  clock.advance(999)
  family.for('b')
  expect(keysOf(family)).toEqual(['a', 'b'])

  clock.advance(1)
  family.for('c')

  expect(keysOf(family)).toEqual(['b', 'c'])
})

test('a use puts off the end of idleMs', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  family.for('a')
  clock.advance(999)
  family.for('a')
  clock.advance(1)

  family.for('b')

  expect(keysOf(family)).toEqual(['a', 'b'])
})

test('a key that was asked for long ago stays when its call has failed only now', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  const permit = family.for('a').acquire()
  clock.advance(5_000)
  permit.failure()
  clock.advance(999)

  family.for('b')
  expect(keysOf(family)).toEqual(['a', 'b'])

  clock.advance(1)
  family.for('c')
  expect(keysOf(family)).toEqual(['b', 'c'])
})

test('what an idle key knew of failures is forgotten', () => {
  const { family, clock } = setUp({ idleMs: 1_000, maxKeys: 1 })
  fail(family.for('a'))
  expect(family.for('b')).toBe(family.overflow)
  clock.advance(1_000)

  expect(family.for('b')).not.toBe(family.overflow)
  expect(keysOf(family)).toEqual(['b'])
})

test('an idle key that is still open, forced open, disabled or in flight stays', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  fail(family.for('open'), 2)
  family.for('forced').forceOpen({ reason: 'maintenance' })
  family.for('disabled').disable({ reason: 'maintenance' })
  family.for('in flight').acquire()
  clock.advance(9_999)

  for (let i = 0; i < 10; i++) family.for(`other ${i}`)

  expect(keysOf(family).slice(0, 4)).toEqual(['open', 'forced', 'disabled', 'in flight'])
})

test('an idle key is let go also when one that was not used for longer has to stay', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  family.for('open')
  family.for('idle')
  fail(family.for('open'), 2)
  family.for('idle')
  clock.advance(1_000)

  family.for('new')

  expect(keysOf(family)).toEqual(['open', 'new'])
})

test('an idle key that knows of failures is let go also when another one has recovered', () => {
  const { family, clock } = setUp({ idleMs: 1_000 })
  for (const key of ['recovers', 'idle']) fail(family.for(key))
  family.for('third')
  succeed(family.for('recovers'))
  clock.advance(1_000)
  family.for('recovers')

  family.for('new')

  expect(keysOf(family)).toEqual(['recovers', 'new'])
})

test('an idle key whose open time is over is let go, and its reset is an event', () => {
  const { family, clock, registry } = setUp({ idleMs: 1_000 })
  fail(family.for('a'), 2)
  clock.advance(10_000)
  const transitions = hear(registry, 'transition')

  family.for('b')
  family.for('c')

  expect(keysOf(family)).toEqual(['b', 'c'])
  expect(transitions).toMatchObject([
    { key: 'a', from: 'open', to: 'half_open', trigger: 'open_elapsed' },
    { key: 'a', from: 'half_open', to: 'closed', trigger: 'reset' },
  ])
})

test('with idleMs: Infinity a key below maxKeys is never let go', () => {
  const { family, clock } = setUp({ idleMs: Number.POSITIVE_INFINITY })
  family.for('a')
  clock.advance(1e12)

  for (let i = 0; i < 10; i++) family.for(`other ${i}`)

  expect(family.peek('a')).toBeDefined()
})

test('a listener that asks for keys while one is let go cannot push the family past its bound', () => {
  const { family, clock } = setUp({ idleMs: 1_000, maxKeys: 2 })
  for (const key of ['a', 'b']) fail(family.for(key), 2)
  clock.advance(10_000)
  let asked = 0
  family.on('transition', () => void family.for(`asked ${asked++}`))

  const c = family.for('c')

  expect(asked).toBeGreaterThan(0)
  expect(family.size).toBeLessThanOrEqual(2)
  expect([family.peek('c'), family.overflow]).toContain(c)
})

test('when a listener takes the room that was made, more is made', () => {
  const { family, clock } = setUp({ idleMs: 1_000, maxKeys: 3 })
  use(family, 'a', 'b', 'c')
  for (const key of ['a', 'b']) family.for(key).forceOpen({ reason: 'maintenance' })
  fail(family.for('c'), 2)
  expect(family.for('d')).toBe(family.overflow)
  clock.advance(10_000)
  let taken = 0
  family.on('transition', ({ key, to }) => void (key === 'c' && to === 'closed' && family.for(`taken ${taken++}`)))

  family.for('d')

  expect(taken).toBe(1)
  expect(keysOf(family)).toEqual(['a', 'b', 'd'])
})

test('nameOf may ask for the key that it is asked about', () => {
  let depth = 0
  const { family } = setUp({
    nameOf: (key) => {
      if (depth++ === 0) family.for(key)
      return key
    },
  })

  const a = family.for('a')

  expect(family.for('a')).toBe(a)
  expect(family.summary()).toMatchObject([{ name: 'a', breakers: 1 }])
})

test('a listener that asks for the same new key gets the same breaker', () => {
  const { family, clock } = setUp({ idleMs: 1_000, maxKeys: 2 })
  fail(family.for('a'), 2)
  clock.advance(10_000)
  let heard: unknown
  family.on('transition', () => (heard = family.for('b')))

  const b = family.for('b')

  expect(heard).toBe(b)
  expect(family.peek('b')).toBe(b)
  expect(family.summary()).toMatchObject([{ breakers: family.size }])
})

test('delete lets a key go whatever its breaker knows, and closes it first', () => {
  const { family, registry } = setUp()
  const a = family.for('a')
  fail(a, 2)
  const transitions = hear(registry, 'transition')

  expect(family.delete('a')).toBe(true)
  expect(family.delete('a')).toBe(false)

  expect(family.size).toBe(0)
  expect(transitions).toMatchObject([{ key: 'a', to: 'closed', trigger: 'reset' }])
  expect(family.for('a')).not.toBe(a)
})

test('a listener that deletes a key while it is deleted does no harm', () => {
  const { family } = setUp()
  fail(family.for('a'), 2)
  family.on('transition', () => void family.delete('a'))

  expect(family.delete('a')).toBe(true)

  expect(family.size).toBe(0)
  expect(family.summary()).toMatchObject([{ breakers: 0, totals: { failure: 2 } }])
})

/** A family of 20,000 keys that counts how often one of them is looked at. */
function setUpMany(): { family: KeyedBreakers; tracker: { looks: number; knowsOfFailures: boolean } } {
  const tracker = {
    looks: 0,
    knowsOfFailures: false,
    record: () => undefined,
    readings: () => [],
    clear: () => {},
    isClear: () => tracker.looks++ >= 0 && !tracker.knowsOfFailures,
  }
  const { family } = setUp({ trip: { timed: false, createTracker: () => tracker }, maxKeys: 20_000 })
  for (let i = 0; i < 20_000; i++) family.for(`key ${i}`)
  tracker.looks = 0
  return { family, tracker }
}

test('a new key looks at few of 20,000 healthy ones', () => {
  const { family, tracker } = setUpMany()
  for (let i = 0; i < 1_000; i++) family.for(`new ${i}`)

  expect(family.size).toBe(20_000)
  expect(family.overflow).toBeUndefined()
  expect(tracker.looks).toBe(2_000)
})

test('a new key looks at few of 20,000 keys that have to stay, and at no more than 1,012 the first time', () => {
  const { family, tracker } = setUpMany()
  tracker.knowsOfFailures = true

  for (let i = 0; i < 100; i++) {
    const before = tracker.looks
    expect(family.for(`new ${i}`)).toBe(family.overflow)
    expect(tracker.looks - before).toBeLessThanOrEqual(1_012)
  }
  // Each was looked at once to find that it stays. From now on a new key looks at ten, used ones or not.
  for (let i = 0; i < 20_000; i++) family.for(`key ${i}`)
  tracker.looks = 0
  for (let i = 0; i < 1_000; i++) family.for(`newer ${i}`)

  expect(tracker.looks).toBe(10_000)
})
