import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitOpenError, consecutiveFailures, type Permit } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, thrownBy } from './drive.ts'

const ways: [name: string, settle: (permit: Permit) => void][] = [
  ['success', (permit) => permit.success()],
  ['failure', (permit) => permit.failure(down)],
  ['ignore', (permit) => permit.ignore()],
  ['disposal', (permit) => permit[Symbol.dispose]()],
]

function closed(): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(2) })
}

test.for(ways.flatMap((first) => ways.map((second) => [first, second] as const)))(
  'of a %s and what follows only the first counts',
  ([[, settleFirst], [, settleSecond]]) => {
    const once = closed()
    settleFirst(once.acquire())
    const twice = closed()
    const permit = twice.acquire()

    settleFirst(permit)
    settleSecond(permit)
    settleSecond(permit)

    expect(twice.status()).toEqual(once.status())
  },
)

test('a permit that settles twice as a failure does not open the breaker', () => {
  const breaker = closed()
  const permit = breaker.acquire()

  permit.failure()
  permit.failure()

  expect(breaker.state).toBe('closed')
})

test('a probe that settles twice frees one place', () => {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, openMs: 1_000, halfOpen: { maxConcurrent: 2 } })
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  const [probe] = [breaker.acquire(), breaker.acquire()]

  probe.ignore()
  probe.ignore()

  expect(breaker.tryAcquire()).toBeDefined()
  expect(breaker.tryAcquire()).toBeUndefined()
})

test('a permit that leaves its block unsettled is an abandoned call, which is a failure', () => {
  const breaker = closed()
  const failures = hear(breaker, 'failure')
  {
    using permit = breaker.acquire()
    expect(permit.probe).toBe(false)
  }

  expect(failures).toHaveLength(1)
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { abandoned: 1 } })
  expect(breaker.status().recentFailures).toEqual([expect.objectContaining({ type: 'abandoned', message: '' })])
})

test('a permit that leaves its block by a throw is an abandoned call too, and the error goes on', () => {
  const breaker = closed()

  const thrown = thrownBy(() => {
    using permit = breaker.acquire()
    permit.run(() => {
      throw down
    })
  })

  expect(thrown).toBe(down)
  expect(breaker.status().failuresByType).toEqual({ abandoned: 1 })
})

test('a permit that was settled in its block is not abandoned', () => {
  const breaker = closed()
  {
    using permit = breaker.acquire()
    permit.success()
  }

  expect(breaker.status().totals).toMatchObject({ success: 1, failure: 0 })
})

test('a permit that is never settled is an active call and nothing else', () => {
  const breaker = closed()

  breaker.acquire()

  expect(breaker.status().totals).toMatchObject({ active: 1, success: 0, failure: 0, ignored: 0 })
  expect(breaker.state).toBe('closed')
})

test('a failure may say what it is counted under', () => {
  const breaker = closed()

  breaker.acquire().failure(down, { type: '503' })

  expect(breaker.status().failuresByType).toEqual({ '503': 1 })
  expect(breaker.status().recentFailures).toEqual([
    expect.objectContaining({ type: '503', message: 'service is down' }),
  ])
})

test('run gives what its function gives and settles nothing', () => {
  const breaker = closed()
  const permit = breaker.acquire()

  expect(permit.run(() => 'result')).toBe('result')
  expect(breaker.status().totals).toMatchObject({ active: 1, success: 0 })
})

test('acquire throws where tryAcquire gives undefined, and both are counted', () => {
  const breaker = closed()
  fail(breaker, 2)

  expect(thrownBy(() => breaker.acquire())).toBeInstanceOf(CircuitOpenError)
  expect(breaker.tryAcquire()).toBeUndefined()
  expect(breaker.status().rejections.open).toBe(2)
})
