import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  callWithCircuitBreaker,
  CircuitBreaker,
  CircuitBreakerConfigError,
  CircuitOpenError,
  consecutiveFailures,
  getAllCircuitBreakerStatus,
  getCircuitBreaker,
  getDefaultRegistry,
  isCircuitOpenError,
  resetAllCircuitBreakers,
  resetCircuitBreaker,
} from '@switchgear/core'
import { down, fail, hear } from './drive.ts'

// Each test begins as a process does: without a default registry.
const key = Symbol.for('switchgear.defaultRegistry')
beforeEach(() => void Reflect.deleteProperty(globalThis, key))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

/** The package as another dependency may load it a second time. */
async function secondCopy(): Promise<typeof import('@switchgear/core')> {
  vi.resetModules()
  return import('@switchgear/core')
}

test('getCircuitBreaker gives one breaker for each name', () => {
  const breaker = getCircuitBreaker('payments', { trip: consecutiveFailures(1) })

  expect(breaker).toBeInstanceOf(CircuitBreaker)
  expect(getCircuitBreaker('payments')).toBe(breaker)
  expect(getDefaultRegistry().peek('payments')).toBe(breaker)
})

test('a call by name goes through the breaker of that name', async () => {
  expect(await callWithCircuitBreaker('payments', () => 'result')).toBe('result')
  for (let i = 0; i < 5; i++) await callWithCircuitBreaker('payments', () => Promise.reject(down)).catch(() => {})

  await expect(callWithCircuitBreaker('payments', () => 'result')).rejects.toBeInstanceOf(CircuitOpenError)
  expect(await callWithCircuitBreaker('payments', () => 'result', { fallback: () => 'cached' })).toBe('cached')
  expect(await callWithCircuitBreaker('search', ({ probe }) => probe)).toBe(false)
})

test('a call by name never throws, not even over a name', async () => {
  const call = callWithCircuitBreaker('', () => 'result')

  await expect(call).rejects.toBeInstanceOf(CircuitBreakerConfigError)
})

test('status and resets reach all breakers', () => {
  const [payments, search] = [getCircuitBreaker('payments'), getCircuitBreaker('search')]
  fail(payments, 5)
  fail(search, 5)
  expect(Object.keys(getAllCircuitBreakerStatus())).toEqual(['payments', 'search'])

  expect(resetCircuitBreaker('payments')).toBe(true)
  expect(resetCircuitBreaker('unknown')).toBe(false)
  expect([payments.state, search.state]).toEqual(['closed', 'open'])

  resetAllCircuitBreakers()
  expect(search.state).toBe('closed')
})

test('without variables a breaker opens at five failures for 300 s and admits three probes', () => {
  for (const name of ['THRESHOLD', 'TIMEOUT_SECONDS', 'HALF_OPEN_MAX_CALLS'])
    vi.stubEnv(`EXTERNAL_CB_${name}`, undefined)
  const breaker = getCircuitBreaker('payments')

  fail(breaker, 4)
  expect(breaker.state).toBe('closed')

  fail(breaker)
  const { state, retryAfterMs = 0 } = breaker.status()
  expect(state).toBe('open')
  expect(retryAfterMs).toBeGreaterThan(290_000)
  expect(retryAfterMs).toBeLessThanOrEqual(300_000)

  breaker.forceOpen({ reason: 'test' })[Symbol.dispose]()
  expect([breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()]).not.toContain(undefined)
  expect(breaker.tryAcquire()).toBeUndefined()
})

test('the variables of the process are those of its breakers', () => {
  vi.stubEnv('EXTERNAL_CB_THRESHOLD', '1')
  vi.stubEnv('EXTERNAL_CB_TIMEOUT_SECONDS', '1000')
  const breaker = getCircuitBreaker('payments')
  fail(breaker)

  expect(breaker.state).toBe('open')
  expect(breaker.status().retryAfterMs).toBeGreaterThan(300_000)
})

test('a malformed variable is an error at first use that names it', async () => {
  vi.stubEnv('EXTERNAL_CB_THRESHOLD', 'five')

  expect(getAllCircuitBreakerStatus()).toEqual({})
  expect(() => getCircuitBreaker('payments')).toThrow('EXTERNAL_CB_THRESHOLD is "five"')
  await expect(callWithCircuitBreaker('payments', () => 'result')).rejects.toBeInstanceOf(CircuitBreakerConfigError)
})

test('where there is no process, as in a browser, breakers have their defaults', () => {
  vi.stubGlobal('process', undefined)

  expect(getCircuitBreaker('payments').state).toBe('closed')
})

test('two copies of the package share one registry', async () => {
  const copy = await secondCopy()
  expect(copy.getCircuitBreaker).not.toBe(getCircuitBreaker)

  expect(copy.getDefaultRegistry()).toBe(getDefaultRegistry())
  expect(copy.getCircuitBreaker('payments')).toBe(getCircuitBreaker('payments'))
})

test('a breaker that one copy made works for the other', async () => {
  const copy = await secondCopy()
  fail(copy.getCircuitBreaker('payments', { trip: copy.consecutiveFailures(1) }))

  for (const { callWithCircuitBreaker: call } of [{ callWithCircuitBreaker }, copy]) {
    const error: unknown = await call('payments', () => 'result').catch((thrown: unknown) => thrown)
    expect([isCircuitOpenError(error), copy.isCircuitOpenError(error)]).toEqual([true, true])
  }
})

test('the same options from two copies are no difference', async () => {
  const copy = await secondCopy()
  const warnings = hear(getDefaultRegistry(), 'warning')
  getCircuitBreaker('payments', { trip: consecutiveFailures(2) })

  copy.getCircuitBreaker('payments', { trip: copy.consecutiveFailures(2) })

  expect(warnings).toEqual([])
})
