import { readFileSync } from 'node:fs'
import { RateLimitHandler } from '@switchgear/adapters/rate-limit'
import { CircuitBreakerConfigError, CircuitBreakerRegistry } from '@switchgear/core'
import { expect, test } from 'vitest'

test.each<[options: Record<string, unknown>, message: string]>([
  [{ maxRetrys: 2 }, 'maxRetrys is 2; allowed: did you mean maxRetries?'],
  [{ maxRetries: 1.5 }, 'maxRetries is 1.5; allowed: a whole number, 0 or more, or Infinity'],
  [{ baseBackoffMs: -1 }, 'baseBackoffMs is -1; allowed: a number of ms, 0 or more'],
  [{ maxBackoffMs: '2s' }, 'maxBackoffMs is "2s"; allowed: a number of ms, 0 or more'],
  [{ totalMs: Number.NaN }, 'totalMs is NaN; allowed: a number of ms, 0 or more'],
  [{ maxRetryAfterMs: -1 }, 'maxRetryAfterMs is -1; allowed: a number of ms, 0 or more'],
  [{ budget: 5 }, 'budget is 5; allowed: an object or false'],
  [{ budget: { share: -1 } }, 'budget.share is -1; allowed: a number, 0 or more'],
  [{ budget: { minimum: -1 } }, 'budget.minimum is -1; allowed: a whole number, 0 or more, or Infinity'],
  [{ budget: { windowMs: 1e-9 } }, 'budget.windowMs is 1e-9; allowed: a number of ms, at least 1'],
  [{ budget: { window: 5 } }, 'budget.window is 5; allowed: did you mean budget.windowMs?'],
  [{ random: 0.5 }, 'random is 0.5; allowed: a function'],
  [{ breaker: {} }, 'breaker is an object; allowed: true or false'],
  [{ heedRetryAfter: 'no' }, 'heedRetryAfter is "no"; allowed: true or false'],
  [{ key: 'host' }, 'key is "host"; allowed: a function that gives a name or undefined'],
  [{ name: '' }, 'name is ""; allowed: a string that is not empty'],
  [{ registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  [{ fetch: 'fetch' }, 'fetch is "fetch"; allowed: a function like fetch'],
  [{ env: 'production' }, 'env is "production"; allowed: an object'],
  [{ openMs: -1 }, 'openMs is -1; allowed:'],
  [{ maxKeys: 0 }, 'maxKeys is 0; allowed: a whole number of at least 1'],
])('%j is refused where it is written', (options, message) => {
  const create = (): unknown => new RateLimitHandler(options)
  expect(create).toThrow(CircuitBreakerConfigError)
  expect(create).toThrow(message)
})

test('an option that is undefined is one that is not given', () => {
  const options = {
    ...Object.fromEntries(optionNames().map((name) => [name, undefined])),
    registry: new CircuitBreakerRegistry(),
  }
  expect(() => new RateLimitHandler(options)).not.toThrow()
})

test('what has one name shares breakers, and says so when their options differ', () => {
  const registry = new CircuitBreakerRegistry()
  const warnings: unknown[] = []
  registry.on('warning', (warning) => void warnings.push(warning))
  const { breakers } = new RateLimitHandler({ registry, env: {} })
  // What is each handler's own may differ.
  expect(new RateLimitHandler({ registry, env: {}, maxRetries: 1, budget: false }).breakers).toBe(breakers)
  expect(warnings).toEqual([])
  expect(new RateLimitHandler({ registry, env: { RATE_LIMIT_CB_THRESHOLD: '3' } }).breakers).toBe(breakers)
  expect(warnings).toMatchObject([{ breaker: 'rate-limit', code: 'options_differ' }])
})

test('the guide has every option', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/rate-limits.md', import.meta.url), 'utf8')
  expect(optionNames().filter((name) => !guide.includes(`\`${name}\``))).toEqual([])
})

/** All that there are, by what an error says. */
function optionNames(): string[] {
  try {
    new RateLimitHandler({ nothingOfTheKind: 1 } as object).decide({ status: 200 }, { attempt: 1, key: 'api' })
  } catch (error) {
    return (error as CircuitBreakerConfigError).allowed.replace('no option of this name, only ', '').split(', ')
  }
  throw new Error('an unknown name was allowed')
}
