import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
  type EventName,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, succeed } from './drive.ts'

const names: EventName[] = ['transition', 'success', 'failure', 'ignored', 'rejected', 'stale', 'warning']

function ticking(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ now: 5_000, wallNow: 1_700_000_000_000 })
  const breaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(2),
    openMs: 1_000,
    halfOpen: { successesToClose: 1 },
    ...options,
  })
  return { breaker, clock }
}

/** The names of all events, in order. */
function hearAll(source: Pick<CircuitBreaker, 'on'>): EventName[] {
  const heard: EventName[] = []
  for (const name of names) source.on(name, () => void heard.push(name))
  return heard
}

test('a call that succeeds, fails or is ignored is one event each, with its duration', () => {
  const { breaker, clock } = ticking()
  const events = [hear(breaker, 'success'), hear(breaker, 'failure'), hear(breaker, 'ignored')]
  const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
  clock.advance(30)

  first.success()
  second.failure(down)
  third.ignore()

  const event = { breaker: 'payments', durationMs: 30, probe: false }
  expect(events).toEqual([[event], [{ ...event, error: down }], [event]])
})

test('what is not known is not in an event', () => {
  const { breaker } = ticking({ halfOpen: { successesToClose: 1, maxConcurrent: 1 }, redact: () => 5 as never })
  const heard: object[] = []
  for (const name of names) breaker.on(name, (event) => void heard.push(event))
  const late = breaker.acquire()
  succeed(breaker)
  breaker.acquire().ignore()
  for (let i = 0; i < 2; i++) breaker.acquire().failure()
  late.failure()
  breaker.status()
  const forced = breaker.forceOpen({ reason: 'test' })
  breaker.tryAcquire()
  forced[Symbol.dispose]()
  breaker.acquire()
  breaker.tryAcquire()
  breaker.reset()

  expect(new Set(heard.map((event) => Object.values(event).includes(undefined)))).toEqual(new Set([false]))
  expect(heard.length).toBeGreaterThan(10)
})

test('a probe’s event says that it was one', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_000)
  const successes = hear(breaker, 'success')

  succeed(breaker, 2)

  expect(successes.map(({ probe }) => probe)).toEqual([true, false])
})

test('a rejection is an event with its reason, its state and the time left', () => {
  const { breaker, clock } = ticking({ halfOpen: { maxConcurrent: 1, probeTimeoutMs: 700 } })
  const rejected = hear(breaker, 'rejected')
  fail(breaker, 2)
  breaker.tryAcquire()
  clock.advance(1_000)
  breaker.acquire()
  breaker.tryAcquire()
  breaker.forceOpen({ reason: 'test' })
  breaker.tryAcquire()

  const event = { breaker: 'payments', enforced: true }
  expect(rejected).toMatchObject([
    { ...event, state: 'open', reason: 'open', retryAfterMs: 1_000 },
    { ...event, state: 'half_open', reason: 'half_open_full', retryAfterMs: 700 },
    { ...event, state: 'forced_open', reason: 'forced_open' },
  ])
  expect(rejected[2]).not.toHaveProperty('retryAfterMs')
})

test('a transition is an event with all that led to it', () => {
  const { breaker, clock } = ticking()
  const transitions = hear(breaker, 'transition')
  clock.advance(500)
  fail(breaker, 2)

  expect(transitions).toEqual([
    {
      breaker: 'payments',
      from: 'closed',
      to: 'open',
      trigger: 'consecutive_failures',
      at: 1_700_000_000_500,
      dwellMs: 500,
      window: [{ policy: 'consecutive_failures', threshold: 2, value: 2 }],
      recentFailures: [
        { at: 1_700_000_000_500, type: 'Error', message: 'service is down', durationMs: 0 },
        { at: 1_700_000_000_500, type: 'Error', message: 'service is down', durationMs: 0 },
      ],
      error: down,
    },
  ])
})

test('every change of state is one transition event, and each starts where the last one ended', () => {
  const { breaker, clock } = ticking()
  const transitions = hear(breaker, 'transition')

  fail(breaker, 2)
  clock.advance(1_200)
  fail(breaker)
  clock.advance(1_000)
  succeed(breaker)
  breaker.trip({ reason: 'test' })
  const forced = breaker.forceOpen({ reason: 'test' })
  clock.advance(7)
  forced[Symbol.dispose]()
  breaker.disable({ reason: 'test' })
  breaker.reset()

  expect(transitions.map(({ from, to, trigger, dwellMs }) => [from, to, trigger, dwellMs])).toEqual([
    ['closed', 'open', 'consecutive_failures', 0],
    ['open', 'half_open', 'open_elapsed', 1_200],
    ['half_open', 'open', 'probe_failed', 0],
    ['open', 'half_open', 'open_elapsed', 1_000],
    ['half_open', 'closed', 'probes_succeeded', 0],
    ['closed', 'open', 'forced', 0],
    ['open', 'forced_open', 'forced', 0],
    ['forced_open', 'half_open', 'released', 7],
    ['half_open', 'disabled', 'disabled', 0],
    ['disabled', 'closed', 'reset', 0],
  ])
})

test('nothing is a transition that changes no state', () => {
  const { breaker, clock } = ticking()
  const transitions = hear(breaker, 'transition')

  breaker.reset()
  succeed(breaker)
  clock.advance(1_000_000)
  breaker.status()
  breaker.forceOpen({ reason: 'first' })
  breaker.forceOpen({ reason: 'second' })
  breaker.trip({ reason: 'test' })

  expect(transitions).toHaveLength(1)
})

test('reading sends nothing', () => {
  const { breaker, clock } = ticking()
  fail(breaker, 2)
  clock.advance(1_000)
  const heard = hearAll(breaker)

  void [breaker.state, breaker.isAvailable(), breaker.status(), breaker.name]

  expect(heard).toEqual([])
})

test('a call’s own event comes before the transition that it causes', () => {
  const { breaker, clock } = ticking({ halfOpen: { successesToClose: 1, maxConcurrent: 1 } })
  const heard = hearAll(breaker)

  fail(breaker, 2)
  clock.advance(1_000)
  breaker.tryAcquire()
  breaker.tryAcquire()
  clock.advance(1_000)
  breaker.tryAcquire()

  expect(heard).toEqual([
    'failure',
    'failure',
    'transition',
    'transition',
    'rejected',
    'failure',
    'transition',
    'rejected',
  ])
})

test('listeners are called in the call that caused the event, so its async context is theirs', () => {
  const { breaker } = ticking()
  const context = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  breaker.on('failure', () => void seen.push(context.getStore()))
  const permit = context.run('admission', () => breaker.acquire())

  context.run('the failing call', () => permit.failure())

  expect(seen).toEqual(['the failing call'])
})

test('events cannot be changed by a listener for the next one', () => {
  const { breaker } = ticking()
  const failures = hear(breaker, 'failure')
  fail(breaker)

  expect(Object.isFrozen(failures[0])).toBe(true)
})

test('listeners are called in the order in which they came, a registry’s after the breaker’s', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock() })
  const heard: string[] = []
  registry.on('success', () => void heard.push('registry'))
  const breaker = registry.get('payments')
  breaker.on('success', () => void heard.push('first'))
  breaker.on('success', () => void heard.push('second'))

  succeed(breaker)

  expect(heard).toEqual(['first', 'second', 'registry'])
})

test('a subscription ends when its handle is disposed of, also twice', () => {
  const { breaker } = ticking()
  const heard: string[] = []
  const listener = (): void => void heard.push('heard')
  const handle = breaker.on('success', listener)
  breaker.on('success', listener)

  succeed(breaker)
  handle[Symbol.dispose]()
  handle[Symbol.dispose]()
  succeed(breaker)

  expect(heard).toEqual(['heard', 'heard', 'heard'])
})

test('a subscription may be scoped by using', () => {
  const { breaker } = ticking()
  const heard: string[] = []
  {
    using _listening = breaker.on('success', () => void heard.push('heard'))
    succeed(breaker)
  }
  succeed(breaker)

  expect(heard).toEqual(['heard'])
})
