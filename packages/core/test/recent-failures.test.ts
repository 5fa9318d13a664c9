import { expect, test, vi } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, thrownBy } from './drive.ts'

function failing(options: CircuitBreakerOptions = {}): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock({ wallNow: 1_700_000_000_000 })
  return { breaker: new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1_000), ...options }), clock }
}

const thrower = (): never => {
  throw new Error('the trap')
}

/** The message that is kept of an error. */
function kept(message: unknown, options?: CircuitBreakerOptions): string | undefined {
  const { breaker } = failing(options)
  fail(breaker, 1, typeof message === 'string' ? new Error(message) : message)
  return breaker.status().recentFailures[0]?.message
}

test('a failure is kept with its time, type, message and duration', () => {
  const { breaker, clock } = failing()
  clock.advance(1_000)
  const permit = breaker.acquire()
  clock.advance(40)
  permit.failure(new RangeError('out of range'))
  clock.advance(500)

  expect(breaker.status().recentFailures).toEqual([
    { at: 1_700_000_001_040, type: 'RangeError', message: 'out of range', durationMs: 40 },
  ])
})

test('the last ten failures are kept, oldest first', () => {
  const { breaker } = failing()
  for (let i = 1; i <= 25; i++) fail(breaker, 1, new Error(`number ${i}`))

  expect(breaker.status().recentFailures.map(({ message }) => message)).toEqual(
    Array.from({ length: 10 }, (_, i) => `number ${i + 16}`),
  )
})

test('neither the error nor what it holds is kept', () => {
  const { breaker } = failing()
  fail(breaker, 1, Object.assign(new Error('failed'), { response: { headers: { authorization: 'secret' } } }))

  expect(JSON.stringify(breaker.status())).not.toContain('secret')
})

test('a message is cut at 200 characters', () => {
  expect(kept('x '.repeat(100))).toBe('x '.repeat(100))
  expect(kept('x '.repeat(101))).toBe(`${'x '.repeat(99)}x…`)
})

test('a message of megabytes is cut before it is cleaned, at the end of a word', () => {
  const redact = vi.fn((message: string) => message)
  kept(`${'word '.repeat(199)}https://user:password@host/${'x'.repeat(1e6)}`, { redact })

  const [given] = redact.mock.calls[0] ?? []
  expect(given).not.toContain('user:')
  expect(given).toBe('word '.repeat(199))
})

test('of a message of many words redact is given the first 1,000 characters, and all of one that is as long', () => {
  const redact = vi.fn((message: string) => message)
  const full = `${'word '.repeat(199)}final`
  for (const message of [full, `${full} and more`]) kept(message, { redact })

  expect(redact.mock.calls).toEqual([[full], ['word '.repeat(199)]])
})

const redactions: [message: string, kept: string][] = [
  ['GET https://alice:pa55@api.example.com/v1 failed', 'GET https://api.example.com/v1 failed'],
  ['GET https://token@api.example.com failed', 'GET https://api.example.com failed'],
  ['connect postgres://app:p@ss@db:5432/shop refused', 'connect postgres://db:5432/shop refused'],
  ['GET https://api.example.com/v1?api_key=secret failed', 'GET https://api.example.com/v1 failed'],
  ['GET https://api.example.com/v1#access_token=secret failed', 'GET https://api.example.com/v1 failed'],
  ['GET https://api.example.com?key=secret', 'GET https://api.example.com'],
  ['fetch "https://example.com/?sig=secret": 403', 'fetch "https://example.com/": 403'],
  ['GET /v1/items?token=secret&page=2 failed', 'GET /v1/items failed'],
  ['https://a:b@one.example/?x=1 and https://c:d@two.example/?y=2', 'https://one.example/ and https://two.example/'],
  ['HTTPS://Alice:Secret@EXAMPLE.COM/', 'HTTPS://EXAMPLE.COM/'],
  ['redis://:secret@cache:6379', 'redis://cache:6379'],
  ['mail to alice@example.com failed', 'mail to alice@example.com failed'],
  ['is it up? a=1', 'is it up? a=1'],
  ['a message without a URL', 'a message without a URL'],
]
test.for(redactions)('of %j the evidence keeps %j', ([message, expected]) => {
  expect(kept(message)).toBe(expected)
})

test('the last call before the trip is redacted in its event as well', () => {
  const { breaker } = failing({ trip: consecutiveFailures(1) })
  const transitions = hear(breaker, 'transition')
  fail(breaker, 1, new Error('GET https://alice:pa55@host/ failed'))

  expect(transitions[0]?.recentFailures.map(({ message }) => message)).toEqual(['GET https://host/ failed'])
})

test('a redact of your own replaces the default one', () => {
  expect(
    kept('card 4242 declined at https://host/?a=1', { redact: (message) => message.replace(/\d{4}/, '****') }),
  ).toBe('card **** declined at https://host/?a=1')
})

test('a message is cleaned when it is first read, once', () => {
  const redact = vi.fn((message: string) => message)
  const { breaker } = failing({ redact })
  fail(breaker, 20)
  expect(redact).not.toHaveBeenCalled()

  breaker.status()
  breaker.status()

  expect(redact).toHaveBeenCalledTimes(10)
})

const mistake = new Error('mistake in redact')
test.for<[what: string, redact: (message: string) => string]>([
  [
    'throws',
    () => {
      throw mistake
    },
  ],
  ['gives no string', () => undefined as unknown as string],
])('of a redact that %s no message is kept, and one warning is given', ([, redact]) => {
  const { breaker } = failing({ redact })
  const warnings = hear(breaker, 'warning')
  fail(breaker, 2)

  const { recentFailures } = breaker.status()
  breaker.status()

  expect(recentFailures.map(({ message }) => message)).toEqual(['', ''])
  expect(warnings).toEqual([expect.objectContaining({ breaker: 'payments', code: 'redact_threw' })])
})

class PaymentError extends Error {}
class NamedError extends Error {
  override readonly name = 'ERR_NAMED'
}
const types: [error: unknown, type: string][] = [
  [new TypeError('x'), 'TypeError'],
  [new PaymentError('x'), 'PaymentError'],
  [new NamedError('x'), 'ERR_NAMED'],
  [new DOMException('x', 'NetworkError'), 'NetworkError'],
  [new Error('x'), 'Error'],
  ['a string', 'string'],
  [42, 'number'],
  [TypeError, 'TypeError'],
  [undefined, 'undefined'],
  [null, 'object'],
  [{ status: 500 }, 'Object'],
  [Object.create(null), 'Error'],
  [Object.assign(new Error('x'), { name: 'user 4711 not found' }), 'Error'],
  [Object.assign(new Error('x'), { name: 'x'.repeat(65) }), 'Error'],
  [Object.assign(new Error('x'), { name: 42 }), 'Error'],
  [{ constructor: { name: 'user 4711 not found' } }, 'Error'],
]
test('a failure’s type is the name of what was thrown, where it looks like one', () => {
  for (const [error, type] of types) {
    const { breaker } = failing()
    breaker.acquire().failure(error)

    expect(breaker.status().failuresByType).toEqual({ [type]: 1 })
    expect(breaker.status().recentFailures[0]?.type).toBe(type)
  }
})

test('a string that was thrown is its own message, and what has none has an empty one', () => {
  expect(kept(new Error('why'))).toBe('why')
  const { breaker } = failing()
  const hostile = {
    get message(): string {
      throw new Error('the getter')
    },
  }
  const without = [undefined, null, 42, { message: 42 }, { message: ['why'] }, hostile]
  for (const error of ['thrown', ...without]) breaker.acquire().failure(error)

  expect(breaker.status().recentFailures.map(({ message }) => message)).toEqual(['thrown', ...without.map(() => '')])
  expect(breaker.status().warnings).toEqual({})
})

test('the very first failure of a process may be of anything', async () => {
  for (const [error, type] of [
    [Object.assign(new TypeError('x'), { name: '' }), 'TypeError'],
    [Object.create(null), 'Error'],
  ] as const) {
    vi.resetModules()
    const core = await import('@switchgear/core')
    const breaker = new core.CircuitBreaker('payments')
    fail(breaker, 1, error)

    expect(breaker.status().failuresByType).toEqual({ [type]: 1 })
  }
})

test('errors of one class that have names of their own are told apart', () => {
  const { breaker } = failing()
  for (const name of ['AbortError', 'NetworkError', 'AbortError']) fail(breaker, 1, new DOMException('x', name))

  expect(breaker.status().failuresByType).toEqual({ AbortError: 2, NetworkError: 1 })
})

test('of a hostile Proxy the type is Error', () => {
  const { breaker } = failing()
  fail(breaker, 1, new TypeError('x'))
  fail(breaker, 1, new Proxy({}, { get: thrower }))

  expect(breaker.status().failuresByType).toEqual({ TypeError: 1, Error: 1 })
})

test('at most ten types are counted by name, the rest together', () => {
  const { breaker } = failing()
  for (let i = 0; i < 15; i++) breaker.acquire().failure(undefined, { type: `T${i}` })
  breaker.acquire().failure(undefined, { type: 'T3' })

  const counts = breaker.status().failuresByType
  expect(Object.keys(counts)).toHaveLength(11)
  expect(counts).toMatchObject({ T3: 2, T9: 1, _OTHER: 5 })
  expect(breaker.status().recentFailures.at(-2)?.type).toBe('_OTHER')
})

test('evidence outlives the close', () => {
  const { breaker, clock } = failing({ trip: consecutiveFailures(1), openMs: 1_000, halfOpen: { successesToClose: 1 } })
  fail(breaker)
  clock.advance(1_000)
  breaker.acquire().success()

  expect(breaker.status()).toMatchObject({ state: 'closed', recentFailures: [{ message: 'service is down' }] })
})

test('the failure that opened a breaker is the cause of its rejections', () => {
  const { breaker } = failing({ trip: consecutiveFailures(1) })
  const error = new Error('the reason')
  fail(breaker, 1, error)

  expect(thrownBy(() => breaker.acquire())).toMatchObject({ cause: error })
})
