import { expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  consecutiveFailures,
  type Outcome,
  type Verdict,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, hear } from './drive.ts'

type Classify = NonNullable<CircuitBreakerOptions['classify']>

function judging(classify: Classify | undefined): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, classify, trip: consecutiveFailures(100) })
  return { breaker, clock }
}

async function ignoreErrors(call: Promise<unknown>): Promise<void> {
  await call.catch(() => {})
}

test('a value is a success and an error is a failure', async () => {
  const { breaker } = judging(undefined)

  await breaker.execute(() => new Error('returned, not thrown'))
  await ignoreErrors(breaker.execute(() => Promise.reject(down)))

  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 1, ignored: 0 })
})

test.for<Verdict>(['success', 'failure', 'ignored'])(
  'classify may judge a value as %s; the caller gets it',
  async (verdict) => {
    const { breaker } = judging(() => verdict)
    const response = { status: 500 }

    expect(await breaker.execute(() => response)).toBe(response)
    expect(breaker.status().totals).toMatchObject({ success: 0, failure: 0, ignored: 0, [verdict]: 1, active: 0 })
  },
)

test.for<Verdict>(['success', 'failure', 'ignored'])(
  'classify may judge an error as %s; the caller gets it',
  async (verdict) => {
    const { breaker } = judging(() => verdict)

    await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)
    expect(breaker.status().totals).toMatchObject({ success: 0, failure: 0, ignored: 0, [verdict]: 1, active: 0 })
  },
)

test('undefined from classify leaves it to the default', async () => {
  const { breaker } = judging(() => undefined)

  await breaker.execute(() => 1)
  await ignoreErrors(breaker.execute(() => Promise.reject(down)))

  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 1, ignored: 0 })
})

test('classify sees how the call ended and how long it took', async () => {
  const classify = vi.fn<Classify>(() => undefined)
  const { breaker, clock } = judging(classify)

  await breaker.execute(() => clock.advance(70))
  await ignoreErrors(breaker.execute(() => Promise.reject(down)))
  await ignoreErrors(breaker.execute(() => Promise.reject(undefined as unknown as Error)))

  expect(classify.mock.calls).toEqual([
    [{ value: undefined }, 70],
    [{ error: down }, 0],
    [{ error: undefined }, 0],
  ])
  expect(classify.mock.calls.map(([outcome]) => Object.keys(outcome))).toEqual([['value'], ['error'], ['error']])
})

test('an ignored call neither counts towards a trip nor starts the count again', async () => {
  const classify = ({ value }: Outcome): Verdict | undefined => (value === 'client mistake' ? 'ignored' : undefined)
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), classify, trip: consecutiveFailures(2) })

  await ignoreErrors(breaker.execute(() => Promise.reject(down)))
  await breaker.execute(() => 'client mistake')
  await breaker.execute(() => 'client mistake')
  expect(breaker.state).toBe('closed')

  await ignoreErrors(breaker.execute(() => Promise.reject(down)))
  expect(breaker.state).toBe('open')
})

test('a value judged a failure opens the breaker, and its evidence says that it was a value', async () => {
  const breaker = new CircuitBreaker('payments', {
    clock: new ManualClock(),
    classify: () => 'failure',
    trip: consecutiveFailures(1),
  })

  await breaker.execute(() => ({ status: 500, body: 'secret' }))

  expect(breaker.state).toBe('open')
  expect(breaker.status().recentFailures).toEqual([expect.objectContaining({ type: 'value', message: '' })])
})

test('a classify that throws counts a failure and gives one warning; the caller gets its own result or error', async () => {
  const mistake = new Error('mistake in classify')
  const { breaker } = judging(() => {
    throw mistake
  })
  const warnings = hear(breaker, 'warning')

  expect(await breaker.execute(() => 'result')).toBe('result')
  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)

  expect(breaker.status().totals).toMatchObject({ success: 0, failure: 2, active: 0 })
  expect(warnings).toEqual([expect.objectContaining({ breaker: 'payments', code: 'classify_threw', error: mistake })])
  expect(breaker.status().warnings).toEqual({ classify_threw: 2 })
})

test.for(['Failure', true, null, 0])(
  'a classify that gives %j counts a failure and gives a warning',
  async (verdict) => {
    const { breaker } = judging(() => verdict as Verdict)
    const warnings = hear(breaker, 'warning')

    expect(await breaker.execute(() => 'result')).toBe('result')

    expect(breaker.status().totals).toMatchObject({ success: 0, failure: 1 })
    expect(warnings).toEqual([expect.objectContaining({ code: 'classify_threw' })])
  },
)

test('a classify that is async by mistake counts a failure, and its rejection harms nobody', async () => {
  const { breaker } = judging((() => Promise.reject(new Error('async'))) as unknown as Classify)
  const warnings = hear(breaker, 'warning')

  expect(await breaker.execute(() => 'result')).toBe('result')
  // Unhandled rejections are reported between turns of the loop.
  await new Promise((resolve) => setImmediate(resolve))

  expect(breaker.status().totals).toMatchObject({ failure: 1 })
  expect(warnings).toHaveLength(1)
})

test('permits are not judged: their holder is', () => {
  const classify = vi.fn<Classify>(() => 'ignored')
  const { breaker } = judging(classify)

  breaker.acquire().failure(down)

  expect(classify).not.toHaveBeenCalled()
  expect(breaker.status().totals).toMatchObject({ failure: 1, ignored: 0 })
})

test('a classify that resets the breaker makes the result that it judged a late one', async () => {
  const clock = new ManualClock()
  const breaker: CircuitBreaker = new CircuitBreaker('payments', {
    clock,
    trip: consecutiveFailures(1),
    openMs: 1_000,
    classify: () => {
      breaker.reset()
      return 'failure'
    },
  })
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)

  await ignoreErrors(breaker.execute(() => Promise.reject(down)))

  expect(breaker.status()).toMatchObject({ state: 'closed', totals: { failure: 1, stale: 1, active: 0 } })
})
