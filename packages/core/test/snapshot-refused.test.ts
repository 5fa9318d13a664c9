import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerConfigError, type CircuitBreakerSnapshot } from '@switchgear/core'
import { thrownBy } from './drive.ts'

const sound = new CircuitBreaker('payments').snapshot()
const unsound: [what: string, snapshot: unknown][] = [
  ['of another version', { ...sound, version: 2 }],
  ['in no known state', { ...sound, state: 'ajar' }],
  ['without a time', { ...sound, at: null }],
  ['of a negative age', { ...sound, ageMs: -1 }],
  ['of a negative rest', { ...sound, remainingMs: -1 }],
  ['without its openings', { ...sound, attempt: undefined }],
  ['without its failures', { ...sound, recentFailures: undefined }],
  ['that is empty', {}],
  ['that is text', JSON.stringify(sound)],
  ['that is null', null],
]
test.for(unsound)('a snapshot %s is refused', ([, snapshot]) => {
  const error = thrownBy(() => new CircuitBreaker('payments', { restore: snapshot as CircuitBreakerSnapshot }))

  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(error).toMatchObject({ option: 'restore' })
})

test('a snapshot of another breaker is refused, by name', () => {
  const error = thrownBy(() => new CircuitBreaker('search', { restore: sound }))

  expect(error).toMatchObject({ code: 'ERR_CIRCUIT_CONFIG', option: 'restore', value: 'payments' })
})
