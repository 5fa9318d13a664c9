import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerConfigError, type RecoverWhen } from '@switchgear/core'

const bad: [options: object, option: string][] = [
  [{ check: () => true }, 'recoverWhen.everyMs'],
  [{ everyMs: 5 }, 'recoverWhen.check'],
  [{ check: true, everyMs: 5 }, 'recoverWhen.check'],
  [{ check: () => true, everyMs: 0 }, 'recoverWhen.everyMs'],
  [{ check: () => true, everyMs: 5, timeoutMs: 0 }, 'recoverWhen.timeoutMs'],
  [{ check: () => true, everyMs: 5, then: 'open' }, 'recoverWhen.then'],
  [{ check: () => true, everyMs: 5, timeout: 5 }, 'recoverWhen.timeout'],
]
test.for(bad)('%j is refused', ([options, option]) => {
  const make = (): CircuitBreaker => new CircuitBreaker('payments', { recoverWhen: options as RecoverWhen })

  expect(make).toThrow(CircuitBreakerConfigError)
  expect(make).toThrow(option)
})
