import { readFileSync } from 'node:fs'
import { breakerFetch } from '@switchgear/adapters/fetch'
import { CircuitBreakerConfigError } from '@switchgear/core'
import { expect, test } from 'vitest'

test.each<[options: Record<string, unknown>, message: string]>([
  [{ timeout: 2_000 }, 'timeout is 2000; allowed: did you mean timeoutMs?'],
  [{ fetch: 'fetch' }, 'fetch is "fetch"; allowed: a function like fetch'],
  [{ registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  [{ name: '' }, 'name is ""; allowed: a string that is not empty'],
  [{ key: 'host' }, 'key is "host"; allowed: a function that gives a name or undefined'],
  [{ onOpen: 'reject' }, 'onOpen is "reject"; allowed: "throw", "respond" or a function that gives a Response'],
  [{ callerTimeout: true }, 'callerTimeout is true; allowed: "failure" or "ignored"'],
  [{ maxRetryAfterMs: -1 }, 'maxRetryAfterMs is -1; allowed: a number of ms, 0 or more'],
  [{ timeoutMs: '2s' }, 'timeoutMs is "2s"; allowed: a number of ms, 0 or more'],
  [{ retry: 3 }, 'retry is 3; allowed: true, false or an object'],
  [{ retry: { retries: 3 } }, 'retry.retries is 3; allowed: no option of this name, only maxRetries'],
  [{ retry: { baseBackoffMs: '1s' } }, 'retry.baseBackoffMs is "1s"; allowed: a number of ms, 0 or more'],
  [{ retry: { methods: [1] } }, 'retry.methods is an array; allowed: a list of methods'],
  [{ retry: { budget: { share: '20%' } } }, 'retry.budget.share is "20%"; allowed: a number, 0 or more'],
  [{ openMs: -1 }, 'openMs is -1; allowed:'],
  [{ maxKeys: 0 }, 'maxKeys is 0; allowed: a whole number of at least 1'],
  [{ halfOpen: { probeTimeoutMs: 2_000 }, openMs: 1_000 }, 'halfOpen.probeTimeoutMs is 2000; allowed: at most openMs'],
])('%j is refused where it is written', (options, message) => {
  const create = (): unknown => breakerFetch(options)
  expect(create).toThrow(CircuitBreakerConfigError)
  expect(create).toThrow(message)
})

test.each([null, 'fetch', 5])('%j instead of options is refused', (options) => {
  expect(() => breakerFetch(options as unknown as object)).toThrow(CircuitBreakerConfigError)
})

test('an option that is undefined is one that is not given', () => {
  const names = optionNames()
  expect(() => breakerFetch(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow()
})

test('the guide has every option', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/fetch.md', import.meta.url), 'utf8')
  const ofRetry = optionNames(() => breakerFetch({ retry: { nothingOfTheKind: 1 } as object }))
  const missing = [...optionNames(), ...ofRetry].filter((name) => !guide.includes(`\`${name}\``))
  expect(missing).toEqual([])
})

/** All that there are, by what an error says. */
function optionNames(create = (): unknown => breakerFetch({ nothingOfTheKind: 1 } as object)): string[] {
  try {
    create()
  } catch (error) {
    return (error as CircuitBreakerConfigError).allowed.replace('no option of this name, only ', '').split(', ')
  }
  throw new Error('an unknown name was allowed')
}
