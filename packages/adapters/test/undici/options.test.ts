import { CircuitBreakerConfigError, CircuitBreakerRegistry } from '@switchgear/core'
import { breakerInterceptor, type BreakerInterceptorOptions } from '@switchgear/adapters/undici'
import { answer } from '@switchgear/testkit'
import { describe, expect, test, vi } from 'vitest'
import { verdicts } from '../verdicts.ts'
import { guard, versions } from './guard.ts'

/** What the options are refused with. */
function refusal(options: unknown): unknown {
  try {
    breakerInterceptor(options as BreakerInterceptorOptions)
    return undefined
  } catch (error) {
    return error
  }
}

test.each<[option: string, value: unknown]>([
  ['registry', {}],
  ['name', ''],
  ['key', 'host'],
  ['origin', 'no origin'],
  ['onOpen', () => {}],
  ['callerTimeout', 'success'],
  ['maxRetryAfterMs', -1],
  ['timeoutMs', '2s'],
  ['classify', 'failure'],
  ['openMs', -1],
  ['maxKeys', 0],
  ['nameOf', 'name'],
])('%s: %o is refused', (option, value) => {
  const registry = new CircuitBreakerRegistry()
  const error = refusal({ registry, [option]: value })
  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(error).toMatchObject({ option, value })
})

test('an option that does not exist is refused, with the one that was meant', () => {
  expect(refusal({ timeoutMS: 5 })).toMatchObject({ allowed: 'did you mean timeoutMs?' })
  expect(refusal(5)).toMatchObject({ option: 'options', allowed: 'an object' })
})

describe.each(versions)('%s:', (_version, undici) => {
  test('classify says otherwise of statuses and errors, and undefined leaves it', async () => {
    const outcomes: unknown[] = []
    const { get, server, breaker } = await guard(undici, {
      classify(outcome) {
        outcomes.push(outcome)
        const { statusCode } = ('value' in outcome ? outcome.value : {}) as { statusCode?: number }
        if (statusCode === 404) return 'failure'
        if (statusCode === 503) return 'success'
        return statusCode === 418 ? 'ignored' : undefined
      },
    })
    server.next(...[404, 503, 418, 200].map((status) => answer({ status, headers: { 'x-a': '1' } })))
    for (let i = 0; i < 4; i++) await get()
    expect(verdicts(breaker)).toEqual({ success: 2, failure: 1, ignored: 1, active: 0 })
    expect(outcomes[0]).toEqual({ value: { statusCode: 404, headers: expect.objectContaining({ 'x-a': '1' }) } })
  })

  test('a classify that throws is a failure, and is reported once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { get, breaker } = await guard(undici, {
      classify() {
        throw new Error('of classify')
      },
    })
    await get()
    await get()
    expect(verdicts(breaker)).toMatchObject({ failure: 2 })
    expect(warn.mock.calls).toEqual([['switchgear: breakerInterceptor: classify threw; counted as failure']])
    warn.mockRestore()
  })

  test.each([
    ['a 503 that asks for ten minutes', 503, '600', undefined, 600_000],
    ['a 429 that asks for less than openMs', 429, '5', undefined, 60_000],
    ['more than the cap', 503, '3600', undefined, 600_000],
    ['more than a cap of your own', 503, '3600', 90_000, 90_000],
    ['a date', 503, 'Thu, 01 Jan 2026 00:02:00 GMT', undefined, 120_000],
    ['another status', 500, '600', undefined, 60_000],
  ])('Retry-After: %s', async (_what, status, retryAfter, maxRetryAfterMs, expected) => {
    const options = maxRetryAfterMs === undefined ? {} : { maxRetryAfterMs }
    const { get, server, breaker } = await guard(undici, options)
    const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
    server.always(answer({ status, headers: { 'retry-after': retryAfter, date } }))
    for (let i = 0; i < 5; i++) await get()
    expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: expected })
  })

  test('two interceptors of one name share breakers, and not their time limits', async () => {
    const first = await guard(undici, { timeoutMs: 1_000 })
    first.breaker.trip({ reason: 'test' })
    const second = breakerInterceptor({ registry: first.registry, clock: first.clock, openMs: 60_000 })
    const agent = new undici.Agent().compose(second)
    await expect(agent.request({ origin: first.server.url, path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
    })
    await agent.close()
  })
})
