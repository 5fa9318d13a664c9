import { afterEach, expect, test, vi } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  consecutiveFailures,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear, succeed } from './drive.ts'

const mistake = new Error('mistake in a listener')
const throwing = (): never => {
  throw mistake
}

afterEach(() => vi.restoreAllMocks())

function closed(options: CircuitBreakerOptions = {}): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(2), ...options })
}

/** What is printed from now on. */
function printed(): unknown[][] {
  return vi.spyOn(console, 'warn').mockImplementation(() => {}).mock.calls
}

test('a listener that throws hurts no call and no other listener, and is one warning', async () => {
  const breaker = closed()
  const warnings = hear(breaker, 'warning')
  for (const name of ['success', 'failure', 'transition', 'rejected'] as const) breaker.on(name, throwing)
  const failures = hear(breaker, 'failure')

  expect(await breaker.execute(() => 'result')).toBe('result')
  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)
  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)
  await expect(breaker.execute(() => 'result')).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' })

  expect(failures).toHaveLength(2)
  expect(warnings).toEqual([
    { breaker: 'payments', code: 'listener_threw', message: 'a listener for "success" threw', error: mistake },
  ])
  expect(breaker.status()).toMatchObject({
    state: 'open',
    totals: { success: 1, failure: 2, active: 0 },
    warnings: { listener_threw: 5 },
  })
})

test('an async listener that rejects is a warning, not an unhandled rejection', async () => {
  const breaker = closed()
  const warnings = hear(breaker, 'warning')
  const listener: unknown = () => Promise.reject(mistake)
  breaker.on('success', listener as () => void)

  succeed(breaker)
  // Unhandled rejections are reported between turns of the loop.
  await new Promise((resolve) => setImmediate(resolve))

  expect(warnings).toEqual([expect.objectContaining({ code: 'listener_threw', error: mistake })])
})

test('a listener for warnings that throws is printed and does not go round in circles', () => {
  const breaker = closed()
  const lines = printed()
  breaker.on('warning', throwing)
  breaker.on('success', throwing)

  succeed(breaker, 3)

  expect(lines).toEqual([['switchgear: circuit breaker "payments": a listener for "warning" threw']])
})

test('a warning that nobody hears is printed once', () => {
  const breaker = closed()
  const lines = printed()
  breaker.on('success', throwing)

  succeed(breaker, 3)

  expect(lines).toEqual([['switchgear: circuit breaker "payments": a listener for "success" threw']])
  expect(breaker.status().warnings).toEqual({ listener_threw: 3 })
})

test('a console that throws hurts nobody', () => {
  const breaker = closed()
  vi.spyOn(console, 'warn').mockImplementation(throwing)
  breaker.on('success', throwing)

  succeed(breaker)

  expect(breaker.status().totals.success).toBe(1)
})

test('a listener that resets as the breaker opens has its way, and the call keeps its error', async () => {
  const breaker = closed()
  const transitions = hear(breaker, 'transition')
  breaker.on('transition', ({ to }) => {
    if (to === 'open') breaker.reset()
  })

  fail(breaker)
  await expect(breaker.execute(() => Promise.reject(down))).rejects.toBe(down)

  expect(breaker.state).toBe('closed')
  expect(transitions.map(({ from, to }) => [from, to])).toEqual([
    ['closed', 'open'],
    ['open', 'closed'],
  ])
})

test('an event that a listener causes comes after the one that it hears, for every listener', () => {
  const breaker = closed()
  const heard: string[] = []
  breaker.on('transition', ({ from, to }) => {
    heard.push(`first: ${from} to ${to}`)
    if (to === 'open') breaker.reset()
  })
  breaker.on('transition', ({ from, to }) => void heard.push(`second: ${from} to ${to}`))

  fail(breaker, 2)

  expect(heard).toEqual([
    'first: closed to open',
    'second: closed to open',
    'first: open to closed',
    'second: open to closed',
  ])
})

test('the order of events is one for all breakers of a registry', () => {
  const registry = new CircuitBreakerRegistry({ defaults: { trip: consecutiveFailures(1) }, clock: new ManualClock() })
  const primary = registry.get('primary')
  const backup = registry.get('backup')
  primary.on('transition', () => fail(backup))
  const transitions = hear(registry, 'transition')

  fail(primary)

  expect(transitions.map(({ breaker }) => breaker)).toEqual(['primary', 'backup'])
})

test('the state is committed when its event is sent', () => {
  const breaker = closed()
  const states: string[] = []
  breaker.on('failure', () => void states.push(breaker.state))
  breaker.on('transition', () => void states.push(breaker.state))

  fail(breaker, 2)

  expect(states).toEqual(['closed', 'open', 'open'])
})

test('a listener that takes a permit as half-open begins cannot take the place of the call that caused it', () => {
  const clock = new ManualClock()
  const breaker = closed({ clock, openMs: 1_000, halfOpen: { maxConcurrent: 1 } })
  fail(breaker, 2)
  clock.advance(1_000)
  const attempts: unknown[] = []
  breaker.on('transition', () => void attempts.push(breaker.tryAcquire()))

  expect(breaker.tryAcquire()?.probe).toBe(true)
  expect(attempts).toEqual([undefined])
})

test('a listener that settles another permit cannot make one failure count twice', () => {
  const breaker = closed({ trip: consecutiveFailures(3) })
  const other = breaker.acquire()
  const permit = breaker.acquire()
  breaker.on('failure', () => {
    permit.failure()
    other.failure()
  })

  permit.failure()

  expect(breaker.status().totals).toMatchObject({ failure: 2, active: 0 })
  expect(breaker.state).toBe('closed')
})

test('a listener that resets when a call is rejected does not change what the rejection says', async () => {
  const clock = new ManualClock({ wallNow: 1_700_000_000_000 })
  const breaker = closed({ clock, openMs: 1_000 })
  fail(breaker, 2)
  breaker.on('rejected', () => breaker.reset())

  await expect(breaker.execute(() => 'result')).rejects.toMatchObject({
    reason: 'open',
    state: 'open',
    openedAt: 1_700_000_000_000,
    retryAfterMs: 1_000,
    cause: down,
  })
})

test.for([1, 2, 3])('%i listeners that cause the event they listen for come to an end', (listeners) => {
  const breaker = closed()
  printed()
  breaker.trip({ reason: 'test' })
  let calls = 0
  for (let i = 0; i < listeners; i++) {
    breaker.on('rejected', () => {
      calls++
      if (calls < 100_000) breaker.tryAcquire()
    })
  }

  expect(breaker.tryAcquire()).toBeUndefined()
  expect(calls).toBeLessThan(100_000)
  expect(breaker.status().warnings.listener_loop).toBeGreaterThan(0)
})

test('a chain of events that cause one another is cut after a thousand that are more than six deep', () => {
  const breaker = closed()
  printed()
  breaker.trip({ reason: 'test' })
  const rejected = hear(breaker, 'rejected')
  breaker.on('rejected', () => void breaker.tryAcquire())

  breaker.tryAcquire()

  expect(rejected).toHaveLength(1_006)
  expect(breaker.status().warnings).toEqual({ listener_loop: 1 })
})

test('a listener may cause any number of events that cause no others', () => {
  const breaker = closed()
  const output = printed()
  const rejected = hear(breaker, 'rejected')
  breaker.on('transition', () => {
    for (let i = 0; i < 2_000; i++) breaker.tryAcquire()
  })

  breaker.trip({ reason: 'test' })

  expect(rejected).toHaveLength(2_000)
  expect(output).toEqual([])
})

test('a listener that comes while an event is sent hears the next one', () => {
  const breaker = closed()
  const heard: string[] = []
  breaker.on('success', () => {
    if (heard.length === 0) breaker.on('success', () => void heard.push('newcomer'))
    heard.push('first')
  })

  succeed(breaker)
  expect(heard).toEqual(['first'])

  succeed(breaker)
  expect(heard).toEqual(['first', 'first', 'newcomer'])
})

test('a listener that goes while an event is sent takes nobody with it', () => {
  const breaker = closed()
  const heard: string[] = []
  const first = breaker.on('success', () => {
    heard.push('first')
    first[Symbol.dispose]()
  })
  breaker.on('success', () => void heard.push('second'))

  succeed(breaker, 2)

  expect(heard).toEqual(['first', 'second', 'second'])
})

test('a listener may return anything, a hostile object included', () => {
  const breaker = closed()
  const hostile = new Proxy({}, { getPrototypeOf: throwing, get: throwing })
  breaker.on('success', () => hostile)
  hear(breaker, 'warning')

  succeed(breaker)

  expect(breaker.status().totals.success).toBe(1)
})
