import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreakerConfigError, CircuitBreakerRegistry, type Environment, optionsFromEnv } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, thrownBy } from './drive.ts'

afterEach(() => vi.unstubAllGlobals())

const variables = ['EXTERNAL_CB_THRESHOLD', 'EXTERNAL_CB_TIMEOUT_SECONDS', 'EXTERNAL_CB_HALF_OPEN_MAX_CALLS'] as const

test('each variable sets its option', () => {
  const clock = new ManualClock()
  const env = { EXTERNAL_CB_THRESHOLD: '12', EXTERNAL_CB_TIMEOUT_SECONDS: '10', EXTERNAL_CB_HALF_OPEN_MAX_CALLS: '1' }
  const breaker = new CircuitBreakerRegistry({ env, clock }).get('payments')

  fail(breaker, 11)
  expect(breaker.state).toBe('closed')
  fail(breaker)
  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 10_000 })

  clock.advance(10_000)
  const probe = breaker.acquire()
  expect(breaker.tryAcquire()).toBeUndefined()
  probe.success()
  expect(breaker.state).toBe('closed')
})

test('a variable that is not set, or empty, asks for nothing', () => {
  expect(optionsFromEnv({})).toEqual({})
  expect(optionsFromEnv(Object.fromEntries(variables.map((name) => [name, ' '])))).toEqual({})
  expect(optionsFromEnv({ EXTERNAL_CB_THRESHOLD: undefined })).toEqual({})
})

test('spaces around a number are nothing, and seconds may have a fraction', () => {
  expect(optionsFromEnv({ EXTERNAL_CB_TIMEOUT_SECONDS: ' 2.25 ' })).toEqual({ openMs: 2_250 })
  expect(optionsFromEnv({ EXTERNAL_CB_TIMEOUT_SECONDS: '0' })).toEqual({ openMs: 0 })
})

test('the process’s own environment is read where none is given', () => {
  process.env['EXTERNAL_CB_TIMEOUT_SECONDS'] = '7'
  const options = optionsFromEnv()
  delete process.env['EXTERNAL_CB_TIMEOUT_SECONDS']

  expect(options).toEqual({ openMs: 7_000 })
})

test('where there is no process there are no variables', () => {
  vi.stubGlobal('process', undefined)

  expect(optionsFromEnv()).toEqual({})
})

const malformed: [variable: string, values: string[]][] = [
  ['EXTERNAL_CB_THRESHOLD', ['five', '0', '-1', '1.5', '5x', '0x5', '1e3', 'NaN', 'Infinity', '9'.repeat(16)]],
  ['EXTERNAL_CB_TIMEOUT_SECONDS', ['5m', '-1', '1e3', '.5', '1.', 'NaN', 'Infinity', '300s', '1,5']],
  ['EXTERNAL_CB_HALF_OPEN_MAX_CALLS', ['three', '0', '-1', '1.5', '3 4']],
]
for (const [variable, values] of malformed) {
  test.for(values)(`${variable}=%s is an error that names the variable and its value`, (value) => {
    const error = thrownBy(() => optionsFromEnv({ [variable]: value }))

    expect(error).toBeInstanceOf(CircuitBreakerConfigError)
    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_CONFIG', value })
    expect(String(error)).toContain(`${variable} is ${JSON.stringify(value)}`)
  })
}

test.for(variables)('the error’s option is the variable %s', (variable) => {
  expect(thrownBy(() => optionsFromEnv({ [variable]: 'x' }))).toMatchObject({ option: variable })
})

test('a malformed variable is an error at first use, not before', () => {
  const env: Environment = { EXTERNAL_CB_THRESHOLD: 'five' }
  const registry = new CircuitBreakerRegistry({ env })

  expect(registry.size).toBe(0)
  expect(() => registry.get('payments')).toThrow(CircuitBreakerConfigError)
  expect(() => registry.get('payments')).toThrow(CircuitBreakerConfigError)
})

test('defaults win over variables', () => {
  const registry = new CircuitBreakerRegistry({
    clock: new ManualClock(),
    env: { EXTERNAL_CB_TIMEOUT_SECONDS: '10', EXTERNAL_CB_HALF_OPEN_MAX_CALLS: '7' },
    defaults: { openMs: 1_000, halfOpen: { successesToClose: 1 } },
  })
  const breaker = registry.get('payments')
  breaker.trip({ reason: 'test' })

  expect(breaker.status().retryAfterMs).toBe(1_000)
})

test('a registry reads no variable that it was not given', () => {
  process.env['EXTERNAL_CB_THRESHOLD'] = '1'
  const breaker = new CircuitBreakerRegistry().get('payments')
  delete process.env['EXTERNAL_CB_THRESHOLD']

  fail(breaker, 4)

  expect(breaker.state).toBe('closed')
})
