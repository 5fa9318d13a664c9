import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'

const trap = (): never => {
  throw new Error('the trap')
}
const hostileHandler: ProxyHandler<object> = {
  get: trap,
  has: trap,
  getPrototypeOf: trap,
  ownKeys: trap,
  getOwnPropertyDescriptor: trap,
  set: trap,
  defineProperty: trap,
}
const revoked = Proxy.revocable({}, {})
revoked.revoke()

/** What code throws that was never meant to be read. */
const thrown: [what: string, error: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a string', 'down'],
  ['a number', 0],
  ['NaN', Number.NaN],
  ['a symbol', Symbol('down')],
  ['a bigint', 1n],
  ['false', false],
  ['a function', trap],
  ['a frozen object', Object.freeze({ message: 'frozen' })],
  ['a frozen error', Object.freeze(new Error('frozen'))],
  ['an object without a prototype', Object.create(null)],
  ['a hostile Proxy', new Proxy({}, hostileHandler)],
  ['a hostile Proxy of a function', new Proxy(() => {}, hostileHandler)],
  ['a revoked Proxy', revoked.proxy],
  ['an error whose message throws', Object.defineProperty(new Error('x'), 'message', { get: trap })],
  ['an error whose name throws', Object.defineProperty(new Error('x'), 'name', { get: trap })],
  ['an error with a message that is no string', Object.assign(new Error('x'), { message: { toString: trap } })],
  ['an object whose then is not a function', { then: 'later' }],
]

/** Rejections may be anything, and matchers look into what they are given: identity is compared by hand. */
async function isRejectedWith(call: Promise<unknown>, error: unknown): Promise<boolean> {
  return call.then(
    () => false,
    (actual: unknown) => Object.is(actual, error),
  )
}

for (const [what, error] of thrown) {
  test(`${what} thrown by an async function is counted once and rethrown as it is`, async () => {
    const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(2) })
    const call = breaker.execute(() => Promise.reject(error as Error))

    expect(await isRejectedWith(call, error)).toBe(true)
    expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
    expect(breaker.status().warnings).toEqual({})
    expect(breaker.state).toBe('closed')
  })

  test(`${what} thrown at once is counted once and rethrown as it is`, async () => {
    const breaker = new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(2) })
    const call = breaker.execute(() => {
      throw error
    })

    expect(await isRejectedWith(call, error)).toBe(true)
    expect(breaker.status().totals).toMatchObject({ failure: 1, active: 0 })
  })

  test(`${what} opens a breaker, and is the cause of its rejections`, async () => {
    const breaker = new CircuitBreaker('payments', {
      clock: new ManualClock(),
      trip: consecutiveFailures(1),
      timeoutMs: 10,
    })
    breaker.on('transition', () => {})
    breaker.on('failure', () => {})
    const { signal } = new AbortController()
    const call = breaker.execute(() => Promise.reject(error as Error), { signal })

    expect(await isRejectedWith(call, error)).toBe(true)
    expect(breaker.state).toBe('open')
    const rejection: unknown = await breaker.execute(() => 'result').catch((thrownAgain: unknown) => thrownAgain)
    expect(Object.is((rejection as { cause: unknown }).cause, error)).toBe(true)
    expect(typeof JSON.stringify(breaker.status())).toBe('string')
  })
}

test('a hostile object may be a value too', async () => {
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock() })
  // Only `then` may be asked for: that is how a promise is told.
  const value = new Proxy({}, { ...hostileHandler, get: (_, key) => (key === 'then' ? undefined : trap()) })

  const same = await breaker.execute(() => [value]).then(([given]) => Object.is(given, value))

  expect(same).toBe(true)
  expect(breaker.status().totals.success).toBe(1)
})

test('a frozen error is not written to, and comes back frozen', async () => {
  const error = Object.freeze(new Error('frozen'))
  const breaker = new CircuitBreaker('payments', { clock: new ManualClock() })

  await expect(breaker.execute(() => Promise.reject(error))).rejects.toBe(error)
  expect(Object.keys(error)).toEqual([])
})
