import { expect, test } from 'vitest'
import { CircuitBreakerConfigError } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'

test.each([
  ['callSpans', 'yes', 'callSpans is "yes"; allowed: true or false'],
  ['callDuration', 1, 'callDuration is 1; allowed: true or false'],
  ['rejectSpansPerSecond', -1, 'rejectSpansPerSecond is -1; allowed: a number, 0 or more'],
  ['rejectSpansPerSecond', Number.NaN, 'rejectSpansPerSecond is NaN'],
  ['maxNames', 1.5, 'maxNames is 1.5; allowed: a whole number, 0 or more'],
  ['registry', {}, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  ['meterProvider', {}, 'meterProvider is an object; allowed: a MeterProvider'],
  ['tracerProvider', null, 'tracerProvider is null; allowed: a TracerProvider'],
  ['loggerProvider', {}, 'loggerProvider is an object; allowed: a LoggerProvider'],
  ['clock', {}, 'clock is an object; allowed: an object with a method now()'],
  ['tracer', {}, 'tracer is an object; allowed: no option of this name, only registry, meterProvider'],
  ['maxNmaes', 7, 'maxNmaes is 7; allowed: did you mean maxNames?'],
])('refuses %s of %o', (name, value, message) => {
  expect(() => instrumentCircuitBreakers({ [name]: value })).toThrow(message)
})

test.each([null, 'registry', 5])('refuses %o instead of options', (options) => {
  expect(() => instrumentCircuitBreakers(options as unknown as object)).toThrow(CircuitBreakerConfigError)
})

test('the error names the option as it is written', () => {
  expect(() => instrumentCircuitBreakers({ maxNames: -1 })).toThrow(expect.objectContaining({ option: 'maxNames' }))
})
