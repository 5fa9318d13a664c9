import { expect, test } from 'vitest'
import { CircuitBreaker, slowCallRate, type SlowCallRateOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, thrownBy } from './drive.ts'

function closed(options: SlowCallRateOptions): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  return { breaker: new CircuitBreaker('search', { clock, trip: slowCallRate(options) }), clock }
}

/** A call that takes this long and succeeds. */
function take(breaker: CircuitBreaker, clock: ManualClock, ms: number): void {
  const permit = breaker.acquire()
  clock.advance(ms)
  permit.success()
}

test('half of the calls being slow opens a breaker, though none has failed', () => {
  const { breaker, clock } = closed({ slowMs: 200, minimumCalls: 4 })
  const transitions = hear(breaker, 'transition')

  take(breaker, clock, 10)
  take(breaker, clock, 200)
  take(breaker, clock, 10)
  expect(breaker.status().trip).toEqual([{ policy: 'slow_call_rate', threshold: 0.5, calls: 3, minimumCalls: 4 }])

  take(breaker, clock, 5000)
  expect(breaker.state).toBe('open')
  expect(transitions).toMatchObject([{ trigger: 'slow_call_rate', window: [{ value: 0.5, calls: 4 }] }])
})

test('a call is slow from slowMs on, and not a moment earlier', () => {
  const { breaker, clock } = closed({ slowMs: 200, minimumCalls: 1, threshold: 1 })

  take(breaker, clock, 199)
  expect(breaker.status().trip).toMatchObject([{ value: 0 }])

  take(breaker, clock, 200)
  expect(breaker.status().trip).toMatchObject([{ value: 0.5 }])
})

test('a slow failure is a slow call, a fast failure is not', () => {
  const { breaker, clock } = closed({ slowMs: 200, minimumCalls: 1, threshold: 0.6 })

  fail(breaker)
  const permit = breaker.acquire()
  clock.advance(300)
  permit.failure()

  expect(breaker.status().trip).toMatchObject([{ value: 0.5, calls: 2 }])
})

test('calls that take longer than the window count when they end', () => {
  const { breaker, clock } = closed({ slowMs: 200, minimumCalls: 3, window: { ms: 100 } })
  const permits = [breaker.acquire(), breaker.acquire(), breaker.acquire()]

  clock.advance(60_000)
  for (const permit of permits) permit.success()

  expect(breaker.state).toBe('open')
})

test('the last calls are measured too, where the window is one of calls', () => {
  const { breaker, clock } = closed({ slowMs: 200, window: { calls: 2 }, threshold: 1 })

  take(breaker, clock, 300)
  take(breaker, clock, 10)
  take(breaker, clock, 300)
  expect(breaker.state).toBe('closed')

  take(breaker, clock, 300)
  expect(breaker.state).toBe('open')
})

test('a slowMs of 0 makes every call slow, and one of Infinity none', () => {
  const all = closed({ slowMs: 0, minimumCalls: 1 })
  take(all.breaker, all.clock, 0)
  expect(all.breaker.state).toBe('open')

  const none = closed({ slowMs: Number.POSITIVE_INFINITY, minimumCalls: 1 })
  take(none.breaker, none.clock, 1e15)
  expect(none.breaker.state).toBe('closed')
})

test('slow calls are in the totals, by the same measure', () => {
  const { breaker, clock } = closed({ slowMs: 200 })

  take(breaker, clock, 199)
  take(breaker, clock, 200)

  expect(breaker.status().totals).toMatchObject({ success: 2, slow: 1 })
})

test('the numbers of a policy cannot be changed', () => {
  expect(() => Object.assign(slowCallRate({ slowMs: 200 }), { slowMs: 1 })).toThrow(TypeError)
})

test.for<[options: unknown, option: string, allowed: string]>([
  [{}, 'slowMs', 'a number of ms, 0 or more'],
  [{ slowMs: -1 }, 'slowMs', 'a number of ms, 0 or more'],
  [{ slowMs: Number.NaN }, 'slowMs', 'a number of ms, 0 or more'],
  [{ slowMs: 200, threshold: 100 }, 'threshold', 'a number above 0, at most 1'],
  [{ slowMs: 200, window: { calls: 5 }, minimumCalls: 6 }, 'minimumCalls', 'at most window.calls, which is 5'],
  [{ slowMS: 200 }, 'slowMS', 'did you mean slowCallRate.slowMs?'],
])('%j is refused', ([options, option, allowed]) => {
  expect(thrownBy(() => slowCallRate(options as SlowCallRateOptions))).toMatchObject({
    name: 'CircuitBreakerConfigError',
    option: `slowCallRate.${option}`,
    allowed,
  })
})
