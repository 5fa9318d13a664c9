import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerRegistry, failureRate, type FailureRateOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed, thrownBy } from './drive.ts'

function closed(options?: FailureRateOptions): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  return { breaker: new CircuitBreaker('payments', { clock, trip: failureRate(options) }), clock }
}

test('by default half of at least ten calls in the last minute open a breaker', () => {
  const { breaker } = closed()

  succeed(breaker, 5)
  fail(breaker, 4)
  expect(breaker.status().trip).toEqual([{ policy: 'failure_rate', threshold: 0.5, calls: 9, minimumCalls: 10 }])
  expect(breaker.state).toBe('closed')

  const transitions = hear(breaker, 'transition')
  fail(breaker)
  expect(breaker.state).toBe('open')
  expect(transitions[0]).toMatchObject({
    trigger: 'failure_rate',
    window: [{ policy: 'failure_rate', threshold: 0.5, value: 0.5, calls: 10, minimumCalls: 10 }],
  })
})

test('by default a failure is out of the window a minute later', () => {
  const { breaker, clock } = closed()

  fail(breaker, 9)
  clock.advance(60_000)
  fail(breaker)

  expect(breaker.state).toBe('closed')
  expect(breaker.status().trip).toMatchObject([{ calls: 1 }])
})

test.for<[FailureRateOptions, string]>([
  [{ minimumCalls: 4 }, 'over time'],
  [{ minimumCalls: 4, window: { calls: 10 } }, 'over the last calls'],
])('a rate %j trips after a success too, when that makes the calls enough', ([options]) => {
  const { breaker } = closed(options)
  const transitions = hear(breaker, 'transition')

  fail(breaker, 3)
  expect(breaker.state).toBe('closed')

  succeed(breaker)
  expect(breaker.state).toBe('open')
  expect(transitions).toMatchObject([{ trigger: 'failure_rate', window: [{ value: 0.75, calls: 4 }] }])
  expect(transitions[0]).not.toHaveProperty('error')
})

test.for([0.07, 0.29, 0.3, 0.57, 1])('a rate of exactly %d of 100 calls trips', (threshold) => {
  const { breaker } = closed({ threshold, minimumCalls: 100, window: { calls: 100 } })
  const failures = Math.round(threshold * 100)

  fail(breaker, failures - 1)
  succeed(breaker, 100 - failures)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('old calls leave a window of the last calls one by one', () => {
  const { breaker } = closed({ threshold: 1, minimumCalls: 4, window: { calls: 4 } })

  succeed(breaker)
  fail(breaker, 3)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('a window of few calls needs no more of them than it holds', () => {
  const { breaker } = closed({ window: { calls: 3 } })

  fail(breaker, 3)

  expect(breaker.state).toBe('open')
})

test('an ignored call is not in the window', () => {
  const { breaker } = closed({ minimumCalls: 2 })

  fail(breaker)
  breaker.acquire().ignore()

  expect(breaker.status().trip).toMatchObject([{ calls: 1 }])
  expect(breaker.state).toBe('closed')
})

test('calls that take longer than the window count when they end', () => {
  const { breaker, clock } = closed({ window: { ms: 100, buckets: 10 } })
  const permits = Array.from({ length: 10 }, () => breaker.acquire())

  clock.advance(250)
  for (const permit of permits) permit.failure()

  expect(breaker.state).toBe('open')
})

test('failures of hours ago do not open a breaker', () => {
  const { breaker, clock } = closed({ minimumCalls: 1 })
  for (let i = 0; i < 60; i++) {
    succeed(breaker, 9)
    fail(breaker, 8)
    clock.advance(1000)
  }
  clock.advance(3 * 3_600_000)

  succeed(breaker, 2)
  fail(breaker)

  expect(breaker.status().trip).toMatchObject([{ value: 1 / 3, calls: 3 }])
  expect(breaker.state).toBe('closed')
})

test('reading never changes what is counted', () => {
  const { breaker, clock } = closed({ window: { ms: 1000, buckets: 10 }, minimumCalls: 3 })

  fail(breaker, 2)
  clock.advance(999)
  expect([breaker.status().trip, breaker.status().trip]).toMatchObject([[{ calls: 2 }], [{ calls: 2 }]])

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('a clock that is set back by an hour loses no call and keeps none too long', () => {
  let now = 0
  const breaker = new CircuitBreaker('payments', { clock: { now: () => now }, trip: failureRate({ threshold: 1 }) })
  for (let i = 0; i < 45; i++) {
    now += 1000
    succeed(breaker)
  }
  now -= 3_600_000
  expect(breaker.status().trip).toMatchObject([{ calls: 45 }])

  now += 60_000
  succeed(breaker)
  expect(breaker.status().trip).toMatchObject([{ calls: 1 }])
})

test('the calls that opened a breaker are forgotten when it closes', () => {
  const { breaker, clock } = closed({ minimumCalls: 5, window: { calls: 5 } })
  fail(breaker, 5)
  clock.advance(300_000)
  succeed(breaker, 3)
  expect(breaker.status().trip).toMatchObject([{ calls: 0 }])

  fail(breaker, 4)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  expect(breaker.state).toBe('open')
})

test('breakers that share a policy count on their own', () => {
  const trip = failureRate({ minimumCalls: 2 })
  const [payments, search] = [new CircuitBreaker('payments', { trip }), new CircuitBreaker('search', { trip })]

  fail(payments)
  fail(search)

  expect([payments.state, search.state]).toEqual(['closed', 'closed'])
})

test('a registry takes two policies with the same numbers for one, and with other numbers for others', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings = hear(registry, 'warning')
  registry.get('payments', { trip: failureRate({ window: { ms: 60_000 } }) })

  registry.get('payments', { trip: failureRate() })
  expect(warnings).toEqual([])

  registry.get('payments', { trip: failureRate({ window: { ms: 30_000 } }) })
  expect(warnings).toMatchObject([{ code: 'options_differ' }])
})

test('what was given stays as it was, and does not move a policy afterwards', () => {
  const options = { minimumCalls: 2, window: { calls: 4 } }
  const trip = failureRate(options)
  options.minimumCalls = 3
  options.window.calls = 1
  const breaker = new CircuitBreaker('payments', { trip })

  succeed(breaker, 4)

  expect(breaker.status().trip).toMatchObject([{ minimumCalls: 2, calls: 4 }])
  expect(() => Object.assign(trip, { threshold: 0.1 })).toThrow(TypeError)
  expect(() => Object.assign((trip as unknown as { window: object }).window, { calls: 1 })).toThrow(TypeError)
  expect(options).toEqual({ minimumCalls: 3, window: { calls: 1 } })
})

test('it needs the time of successes only where the window is one of time', () => {
  expect(failureRate().timed).toBe(true)
  expect(failureRate({ window: { calls: 100 } }).timed).toBe(false)
})

test('a window of time leaves in ten steps by default', () => {
  expect(failureRate({ window: { ms: 1000 } })).toEqual(failureRate({ window: { ms: 1000, buckets: 10 } }))
})

test('an option that is undefined is one that is not given', () => {
  const options = { threshold: undefined, window: undefined, minimumCalls: undefined } as unknown as FailureRateOptions

  expect(failureRate(options)).toEqual(failureRate())
})

test.for<[options: unknown, option: string, allowed: string]>([
  [{ threshold: 0 }, 'threshold', 'a number above 0, at most 1'],
  [{ threshold: 50 }, 'threshold', 'a number above 0, at most 1'],
  [{ threshold: Number.NaN }, 'threshold', 'a number above 0, at most 1'],
  [{ threshold: '0.5' }, 'threshold', 'a number above 0, at most 1'],
  [{ minimumCalls: 0 }, 'minimumCalls', 'a whole number of at least 1'],
  [{ minimumCalls: 2.5 }, 'minimumCalls', 'a whole number of at least 1'],
  [{ minimumCalls: Number.POSITIVE_INFINITY }, 'minimumCalls', 'a whole number of at least 1'],
  [{ minimumCalls: 101, window: { calls: 100 } }, 'minimumCalls', 'at most window.calls, which is 100'],
  [{ window: { calls: 0 } }, 'window.calls', 'a whole number from 1 to 1,000,000'],
  [{ window: { calls: 1.5 } }, 'window.calls', 'a whole number from 1 to 1,000,000'],
  [{ window: { calls: 1_000_001 } }, 'window.calls', 'a whole number from 1 to 1,000,000'],
  [{ window: { ms: 0 } }, 'window.ms', 'a number of ms, 1 or more'],
  [{ window: { ms: Number.NaN } }, 'window.ms', 'a number of ms, 1 or more'],
  [{ window: { ms: '1000' } }, 'window.ms', 'a number of ms, 1 or more'],
  [{ window: { ms: 1000, buckets: 0 } }, 'window.buckets', 'a whole number from 1 to 1,000'],
  [{ window: { ms: 1000, buckets: 1001 } }, 'window.buckets', 'a whole number from 1 to 1,000'],
  [{ window: { ms: 1000, bucket: 5 } }, 'window.bucket', 'did you mean failureRate.window.buckets?'],
  [{ window: { calls: 100, buckets: 5 } }, 'window.buckets', 'no option of this name, only calls'],
  [{ window: { calls: 100, ms: 1000 } }, 'window', 'either { calls: 100 } or { ms: 60_000, buckets: 10 }'],
  [{ window: { buckets: 10 } }, 'window', 'either { calls: 100 } or { ms: 60_000, buckets: 10 }'],
  [{ window: 100 }, 'window', 'either { calls: 100 } or { ms: 60_000, buckets: 10 }'],
  [{ window: null }, 'window', 'either { calls: 100 } or { ms: 60_000, buckets: 10 }'],
  [{ treshold: 0.5 }, 'treshold', 'did you mean failureRate.threshold?'],
])('%j is refused', ([options, option, allowed]) => {
  expect(thrownBy(() => failureRate(options as FailureRateOptions))).toMatchObject({
    name: 'CircuitBreakerConfigError',
    option: `failureRate.${option}`,
    allowed,
  })
})

test.for<FailureRateOptions>([
  { threshold: 1 },
  { threshold: Number.MIN_VALUE },
  { minimumCalls: 1 },
  { minimumCalls: 100, window: { calls: 100 } },
  { minimumCalls: 1_000_000 },
  { window: { calls: 1 } },
  { window: { calls: 1_000_000 } },
  { window: { ms: 1, buckets: 1 } },
  { window: { ms: Number.POSITIVE_INFINITY, buckets: 1000 } },
])('%j is allowed', (options) => {
  expect(failureRate(options)).toMatchObject(options)
})
