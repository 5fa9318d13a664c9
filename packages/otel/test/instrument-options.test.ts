import { expect, test } from 'vitest'
import { instrumentCircuitBreakers } from '@switchgear/otel'

test.each([
  ['callSpans', 'yes', 'option callSpans is "yes"; allowed: true or false'],
  ['callDuration', 1, 'option callDuration is 1; allowed: true or false'],
  ['rejectSpansPerSecond', -1, 'option rejectSpansPerSecond is -1; allowed: a number, 0 or more'],
  ['rejectSpansPerSecond', Number.NaN, 'option rejectSpansPerSecond is NaN'],
  ['maxNames', 1.5, 'option maxNames is 1.5; allowed: a whole number, 0 or more'],
  ['registry', {}, 'option registry is an object; allowed: a CircuitBreakerRegistry'],
  ['meterProvider', {}, 'option meterProvider is an object; allowed: a MeterProvider'],
  ['tracerProvider', null, 'option tracerProvider is null; allowed: a TracerProvider'],
  ['loggerProvider', {}, 'option loggerProvider is an object; allowed: a LoggerProvider'],
  ['clock', {}, 'option clock is an object; allowed: an object with a method now()'],
  ['tracer', {}, 'option tracer is an object; allowed: no option of this name; registry, meterProvider'],
])('refuses %s of %o', (name, value, message) => {
  expect(() => instrumentCircuitBreakers({ [name]: value })).toThrow(message)
})
