import { CircuitBreakerConfigError, readVariable, type VariableKinds } from '@switchgear/core'
import { expect, test } from 'vitest'
import { thrownBy } from './drive.ts'

const read = (kind: keyof VariableKinds, text: string | undefined): unknown => readVariable('A', kind, { A: text })

test.for<[kind: keyof VariableKinds, text: string, value: unknown]>([
  ['count', '1', 1],
  ['count', ' 007 ', 7],
  ['amount', '0', 0],
  ['amount', '12', 12],
  ['seconds', '2.5', 2.5],
  ['seconds', '0', 0],
  ['flag', 'true', true],
  ['flag', '1', true],
  ['flag', 'YES', true],
  ['flag', 'on', true],
  ['flag', 'False', false],
  ['flag', '0', false],
  ['flag', 'no', false],
  ['flag', 'off', false],
])('a %s of "%s" is %j', ([kind, text, value]) => {
  expect(read(kind, text)).toBe(value)
})

test.for([undefined, '', ' '])('a variable that is %j has no value', (text) => {
  expect(read('flag', text)).toBeUndefined()
})

test.for<[kind: keyof VariableKinds, text: string, allowed: string]>([
  ['count', '0', 'a whole number of at least 1'],
  ['count', '000', 'a whole number of at least 1'],
  ['amount', '-1', 'a whole number, 0 or more'],
  ['amount', '1.5', 'a whole number, 0 or more'],
  ['amount', '9'.repeat(16), 'a whole number, 0 or more'],
  ['seconds', '2s', 'a number of seconds, 0 or more'],
  ['flag', 'maybe', 'true, 1, yes, on, false, 0, no or off'],
  ['flag', 'onto', 'true, 1, yes, on, false, 0, no or off'],
  ['flag', 'untrue', 'true, 1, yes, on, false, 0, no or off'],
])('a %s of "%s" is an error that names the variable and says what is allowed', ([kind, text, allowed]) => {
  const error = thrownBy(() => read(kind, text))

  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(error).toMatchObject({ option: 'A', value: text, allowed })
})

test('the environment is that of the process where none is given', () => {
  process.env['SWITCHGEAR_READ_VARIABLE'] = '3'
  const value = readVariable('SWITCHGEAR_READ_VARIABLE', 'count')
  delete process.env['SWITCHGEAR_READ_VARIABLE']

  expect(value).toBe(3)
})
