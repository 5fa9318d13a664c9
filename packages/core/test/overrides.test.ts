import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  consecutiveFailures,
  type OverrideOptions,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

function ticking(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ wallNow: 1_700_000_000_000 })
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(2), openMs: 1_000, ...options })
  return { breaker, clock }
}

test('a forced open breaker rejects every call, whatever the clock says', () => {
  const { breaker, clock } = ticking()
  breaker.forceOpen({ reason: 'maintenance' })

  clock.advance(1e12)

  expect(breaker.state).toBe('forced_open')
  expect(breaker.isAvailable()).toBe(false)
  expect(thrownBy(() => breaker.acquire())).toMatchObject({
    reason: 'forced_open',
    state: 'forced_open',
    retryAfterMs: undefined,
  })
  expect(breaker.status().rejections).toMatchObject({ forced_open: 1, open: 0 })
})

test('a forced open ends in half_open when its handle is disposed of', () => {
  const { breaker } = ticking()
  const transitions = hear(breaker, 'transition')
  {
    using _handle = breaker.forceOpen({ reason: 'maintenance', actor: 'alice' })
  }

  expect(breaker.state).toBe('half_open')
  expect(breaker.acquire().probe).toBe(true)
  const override = { reason: 'maintenance', actor: 'alice' }
  expect(transitions).toEqual([
    expect.objectContaining({ from: 'closed', to: 'forced_open', trigger: 'forced', override }),
    expect.objectContaining({ from: 'forced_open', to: 'half_open', trigger: 'released', override }),
  ])
})

test('a forced open ends by itself after forMs, and says when that will be', () => {
  const { breaker, clock } = ticking()
  const transitions = hear(breaker, 'transition')
  breaker.forceOpen({ reason: 'maintenance', forMs: 5_000 })

  clock.advance(4_999)
  expect(breaker.state).toBe('forced_open')
  expect(thrownBy(() => breaker.acquire())).toMatchObject({ retryAfterMs: 1 })
  expect(breaker.status().override).toEqual({ reason: 'maintenance', until: 1_700_000_005_000 })

  clock.advance(1)
  expect(breaker.state).toBe('half_open')
  expect(breaker.status()).not.toHaveProperty('override')
  expect(breaker.acquire().probe).toBe(true)
  expect(transitions.at(-1)).toMatchObject({ from: 'forced_open', to: 'half_open', trigger: 'released' })
})

test('a disabled breaker admits every call and judges none', () => {
  const { breaker } = ticking()
  breaker.disable({ reason: 'load test' })

  fail(breaker, 100)

  expect(breaker.state).toBe('disabled')
  expect(breaker.isAvailable()).toBe(true)
  expect(breaker.acquire().probe).toBe(false)
  expect(breaker.status().totals.failure).toBe(100)
  expect(breaker.status().trip).toEqual([expect.objectContaining({ value: 0 })])
})

test('disabled ends in closed when its handle is disposed of, with nothing counted', () => {
  const { breaker } = ticking()
  fail(breaker)
  const transitions = hear(breaker, 'transition')
  const handle = breaker.disable({ reason: 'load test', actor: 'alice' })
  fail(breaker, 100)

  handle[Symbol.dispose]()
  fail(breaker)

  expect(breaker.state).toBe('closed')
  const override = { reason: 'load test', actor: 'alice' }
  expect(transitions).toEqual([
    expect.objectContaining({ from: 'closed', to: 'disabled', trigger: 'disabled', override }),
    expect.objectContaining({ from: 'disabled', to: 'closed', trigger: 'released', override }),
  ])
})

test('disabled ends by itself after forMs', () => {
  const { breaker, clock } = ticking()
  breaker.disable({ reason: 'load test', forMs: 5_000 })
  expect(breaker.status().override).toEqual({ reason: 'load test', until: 1_700_000_005_000 })
  expect(breaker.status()).not.toHaveProperty('retryAfterMs')

  clock.advance(5_000)

  expect(breaker.state).toBe('closed')
  fail(breaker, 2)
  expect(breaker.state).toBe('open')
})

test('disabling an open breaker lets calls through at once', () => {
  const { breaker } = ticking()
  fail(breaker, 2)

  breaker.disable({ reason: 'we know better' })

  expect(breaker.tryAcquire()).toBeDefined()
  expect(breaker.status()).not.toHaveProperty('openedAt')
})

test('zero ms are over at once, and Infinity never', () => {
  const zero = ticking().breaker
  zero.forceOpen({ reason: 'test', forMs: 0 })
  expect(zero.state).toBe('half_open')

  const { breaker, clock } = ticking()
  breaker.disable({ reason: 'test', forMs: Number.POSITIVE_INFINITY })
  clock.advance(Number.MAX_VALUE)
  expect(breaker.state).toBe('disabled')
  expect(breaker.status().override).toEqual({ reason: 'test' })
})

test('a later override replaces an earlier one, whose handle then ends nothing', () => {
  const { breaker } = ticking()
  const first = breaker.forceOpen({ reason: 'first' })
  breaker.forceOpen({ reason: 'second', actor: 'bob' })

  first[Symbol.dispose]()

  expect(breaker.status()).toMatchObject({ state: 'forced_open', override: { reason: 'second', actor: 'bob' } })
})

test('a later override starts its time anew', () => {
  const { breaker, clock } = ticking()
  breaker.forceOpen({ reason: 'first', forMs: 1_000 })
  clock.advance(900)
  breaker.forceOpen({ reason: 'second', forMs: 1_000 })
  clock.advance(999)

  expect(breaker.status()).toMatchObject({
    state: 'forced_open',
    since: 1_700_000_000_000,
    override: { until: 1_700_000_001_900 },
  })
})

test('an override whose time is over gives way to the next one with both transitions', () => {
  const { breaker, clock } = ticking()
  breaker.forceOpen({ reason: 'first', forMs: 1_000 })
  clock.advance(1_000)
  const transitions = hear(breaker, 'transition')

  breaker.forceOpen({ reason: 'second' })

  expect(transitions.map(({ from, to }) => [from, to])).toEqual([
    ['forced_open', 'half_open'],
    ['half_open', 'forced_open'],
  ])
})

test('overrides of two kinds replace each other', () => {
  const { breaker } = ticking()
  const forced = breaker.forceOpen({ reason: 'test' })
  const disabled = breaker.disable({ reason: 'test' })
  forced[Symbol.dispose]()
  expect(breaker.state).toBe('disabled')

  breaker.forceOpen({ reason: 'again' })
  disabled[Symbol.dispose]()
  expect(breaker.state).toBe('forced_open')
})

test('a handle that is disposed of twice, or after its time, ends only its own override', () => {
  const { breaker, clock } = ticking({ halfOpen: { successesToClose: 1 } })
  const handle = breaker.forceOpen({ reason: 'test', forMs: 1_000 })
  clock.advance(1_000)
  succeed(breaker)
  expect(breaker.state).toBe('closed')

  handle[Symbol.dispose]()
  handle[Symbol.dispose]()

  expect(breaker.state).toBe('closed')
})

const bad: [what: string, options: unknown, option: string][] = [
  ['no options', undefined, 'reason'],
  ['no reason', {}, 'reason'],
  ['an empty reason', { reason: '' }, 'reason'],
  ['a reason that is no string', { reason: 7 }, 'reason'],
  ['an actor that is no string', { reason: 'test', actor: 7 }, 'actor'],
]
test.for(['forceOpen', 'disable', 'trip'] as const)('%s refuses to go without a reason', (method) => {
  for (const [, options, option] of bad) {
    const { breaker } = ticking()
    const error = thrownBy(() => breaker[method](options as OverrideOptions))

    expect(error).toBeInstanceOf(CircuitBreakerConfigError)
    expect(String(error)).toContain(option)
    expect(String(error)).toContain(method)
    expect(breaker.state).toBe('closed')
  }
})

test.for([-1, Number.NaN, '5000', null])('a forMs of %j is refused', (forMs) => {
  const { breaker } = ticking()

  expect(() => breaker.forceOpen({ reason: 'test', forMs: forMs as number })).toThrow(CircuitBreakerConfigError)
  expect(() => breaker.disable({ reason: 'test', forMs: forMs as number })).toThrow(CircuitBreakerConfigError)
  expect(breaker.state).toBe('closed')
})

test('what the operator said is kept as it was said', () => {
  const { breaker } = ticking()
  const options = { reason: 'maintenance', actor: 'alice' }
  breaker.forceOpen(options)

  options.reason = 'changed'

  expect(breaker.status().override).toEqual({ reason: 'maintenance', actor: 'alice' })
})

test('a forced open says since when, in its status and in its rejections', () => {
  const { breaker, clock } = ticking()
  clock.advance(10)

  breaker.forceOpen({ reason: 'maintenance' })

  const openedAt = 1_700_000_000_010
  expect(breaker.status()).toMatchObject({ openedAt, openedBy: { at: openedAt, trigger: 'forced' } })
  expect(thrownBy(() => breaker.acquire())).toMatchObject({ reason: 'forced_open', openedAt })
})
