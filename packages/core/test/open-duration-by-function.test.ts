import { expect, test, vi } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures, type OpenContext } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, succeed } from './drive.ts'

function opened(options: CircuitBreakerOptions): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), ...options })
  fail(breaker)
  return { breaker, clock }
}

test('a function is told the trigger, the error and which opening in a row it is', () => {
  const openMs = vi.fn<(context: OpenContext) => number>(() => 1_000)
  const { breaker, clock } = opened({ openMs, halfOpen: { successesToClose: 1, probeTimeoutMs: 500 } })
  clock.advance(1_000)
  fail(breaker)
  clock.advance(1_000)
  breaker.acquire()
  clock.advance(500)
  breaker.tryAcquire()
  clock.advance(1_000)
  succeed(breaker)
  breaker.trip({ reason: 'maintenance' })

  expect(openMs.mock.calls.map(([context]) => context)).toEqual([
    { trigger: 'consecutive_failures', error: down, attempt: 1 },
    { trigger: 'probe_failed', error: down, attempt: 2 },
    { trigger: 'probe_timeout', error: expect.objectContaining({ code: 'ERR_CIRCUIT_TIMEOUT' }), attempt: 3 },
    { trigger: 'forced', error: undefined, attempt: 1 },
  ])
})

test('a function decides each opening anew', () => {
  const { breaker, clock } = opened({ openMs: ({ attempt }) => attempt * 1_000, halfOpen: { probeTimeoutMs: 500 } })

  expect(breaker.status().retryAfterMs).toBe(1_000)
  clock.advance(1_000)
  fail(breaker)
  expect(breaker.status().retryAfterMs).toBe(2_000)
  clock.advance(2_000)
  fail(breaker)
  expect(breaker.status().retryAfterMs).toBe(3_000)
})

test.for(['reset', 'close', 'disable'] as const)('after a %s the openings are counted from one again', (how) => {
  const openMs = vi.fn<(context: OpenContext) => number>(() => 1_000)
  const { breaker, clock } = opened({ openMs, halfOpen: { successesToClose: 1 } })
  clock.advance(1_000)
  fail(breaker)
  if (how === 'reset') breaker.reset()
  if (how === 'disable') breaker.disable({ reason: 'test' })[Symbol.dispose]()
  if (how === 'close') {
    clock.advance(1_000)
    succeed(breaker)
  }

  fail(breaker)

  expect(openMs).toHaveBeenLastCalledWith(expect.objectContaining({ attempt: 1 }))
})

test('a forced open between two openings does not start the count again', () => {
  const openMs = vi.fn<(context: OpenContext) => number>(() => 1_000)
  const { breaker } = opened({ openMs })
  breaker.forceOpen({ reason: 'test' })[Symbol.dispose]()

  fail(breaker)

  expect(openMs).toHaveBeenLastCalledWith(expect.objectContaining({ trigger: 'probe_failed', attempt: 2 }))
})

test('a close before a forced open starts the count again', () => {
  const openMs = vi.fn<(context: OpenContext) => number>(() => 1_000)
  const { breaker, clock } = opened({ openMs, halfOpen: { successesToClose: 1 } })
  clock.advance(1_000)
  succeed(breaker)
  breaker.forceOpen({ reason: 'test' })[Symbol.dispose]()

  fail(breaker)

  expect(openMs).toHaveBeenLastCalledWith(expect.objectContaining({ trigger: 'probe_failed', attempt: 1 }))
})

test('a function is asked only when the breaker opens', () => {
  const openMs = vi.fn<(context: OpenContext) => number>(() => 1_000)
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', {
    clock,
    openMs,
    trip: consecutiveFailures(2),
    halfOpen: { failuresToOpen: 2 },
  })
  const late = breaker.acquire()
  fail(breaker)
  expect(openMs).not.toHaveBeenCalled()

  fail(breaker)
  late.failure()
  breaker.tryAcquire()
  breaker.status()
  clock.advance(1_000)
  succeed(breaker)
  fail(breaker)

  expect(openMs).toHaveBeenCalledTimes(1)
})

test('Infinity, zero and fractions from a function mean what they say', () => {
  expect(opened({ openMs: () => Number.POSITIVE_INFINITY }).breaker.state).toBe('open')
  expect(opened({ openMs: () => 0 }).breaker.state).toBe('half_open')
  expect(opened({ openMs: () => 0.5 }).breaker.status().retryAfterMs).toBe(1)
})

test.for([-1, Number.NaN, '1000', undefined, null])(
  'a function that gives %j leaves the default and a warning',
  (given) => {
    const clock = new ManualClock()
    const breaker = new CircuitBreaker('payments', {
      clock,
      openMs: () => given as number,
      trip: consecutiveFailures(1),
    })
    const warnings = hear(breaker, 'warning')

    fail(breaker)

    expect(breaker.status().retryAfterMs).toBe(300_000)
    expect(warnings).toEqual([expect.objectContaining({ breaker: 'payments', code: 'open_ms_invalid' })])
  },
)

test('a function that throws leaves the default and a warning with what it threw', () => {
  const clock = new ManualClock()
  const mistake = new Error('mistake')
  const openMs = (): number => {
    throw mistake
  }
  const breaker = new CircuitBreaker('payments', { clock, openMs, trip: consecutiveFailures(1) })
  const warnings = hear(breaker, 'warning')

  fail(breaker)

  expect(breaker.status().retryAfterMs).toBe(300_000)
  expect(warnings).toEqual([expect.objectContaining({ code: 'open_ms_invalid', error: mistake })])
})

test('a function that opens the breaker itself makes one transition, not two', () => {
  const clock = new ManualClock()
  const breaker: CircuitBreaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: ({ trigger }) => {
      if (trigger !== 'forced') breaker.trip({ reason: 'from openMs' })
      return trigger === 'forced' ? 5_000 : 1_000
    },
  })
  const transitions = hear(breaker, 'transition')

  fail(breaker)

  expect(transitions.map(({ to, trigger }) => [to, trigger])).toEqual([['open', 'forced']])
  expect(breaker.status().retryAfterMs).toBe(5_000)
})

test('the failure that opens the breaker may hold it open for longer than openMs, and not for less', () => {
  for (const [holdMs, retryAfterMs] of [
    [9_000, 9_000],
    [10, 5_000],
  ]) {
    const options = { clock: new ManualClock(), trip: consecutiveFailures(1), openMs: 5_000 }
    const breaker = new CircuitBreaker('payments', options)

    breaker.acquire().failure(down, { holdMs })

    expect(breaker.status().retryAfterMs).toBe(retryAfterMs)
  }
})

test('a failure that does not open the breaker holds nothing', () => {
  const options = { clock: new ManualClock(), trip: consecutiveFailures(2), openMs: 5_000 }
  const breaker = new CircuitBreaker('payments', options)

  breaker.acquire().failure(down, { holdMs: 9_000 })
  fail(breaker)

  expect(breaker.status().retryAfterMs).toBe(5_000)
})

test('a probe that fails may hold the breaker open too', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1), openMs: 5_000 })
  fail(breaker)
  clock.advance(5_000)

  breaker.acquire().failure(down, { holdMs: 9_000 })

  expect(breaker.status().retryAfterMs).toBe(9_000)
})
