import { globSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { guardWebClient, slackIncidents, slackNotifier } from '@switchgear/adapters/slack'
import { CircuitBreakerConfigError, CircuitBreakerRegistry } from '@switchgear/core'
import { expect, onTestFinished, test, vi } from 'vitest'

const url = 'http://127.0.0.1/services/x'
const client = { apiCall: () => Promise.resolve() }
const registry = new CircuitBreakerRegistry()

const makers: Record<string, (options: object) => unknown> = {
  slackNotifier: (options) => slackNotifier(url, options),
  guardWebClient: (options) => guardWebClient(client, options),
  slackIncidents: (options) => slackIncidents(() => {}, options),
}

test.each<[maker: string, options: Record<string, unknown>, message: string]>([
  ['slackNotifier', { retries: 3 }, 'retries is 3; allowed: no option of this name'],
  ['slackNotifier', { timeoutMS: 2_000 }, 'did you mean timeoutMs?'],
  ['slackNotifier', { timeoutMs: '3s' }, 'timeoutMs is "3s"; allowed: a number of ms, 0 or more'],
  ['slackNotifier', { registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  ['slackNotifier', { name: '' }, 'name is ""; allowed: a string that is not empty'],
  ['slackNotifier', { maxRetryAfterMs: -1 }, 'maxRetryAfterMs is -1; allowed: a number of ms, 0 or more'],
  ['slackNotifier', { onMisconfigured: 1 }, 'onMisconfigured is 1; allowed: a function'],
  ['slackNotifier', { classify: 1 }, 'classify is 1; allowed: a function'],
  ['slackNotifier', { onDrop: 1 }, 'onDrop is 1; allowed: a function'],
  ['slackNotifier', { fetch: 1 }, 'fetch is 1; allowed: a function'],
  ['slackNotifier', { flushTimeoutMs: -1 }, 'flushTimeoutMs is -1; allowed: a number of ms, 0 or more'],
  ['slackNotifier', { queue: true }, 'queue is true; allowed: an object'],
  ['slackNotifier', { queue: { max: 0 } }, 'queue.max is 0; allowed: a whole number of at least 1'],
  ['slackNotifier', { queue: { ttl: 1 } }, 'queue.ttl is 1; allowed: did you mean queue.ttlMs?'],
  ['slackNotifier', { queue: { drainEveryMs: NaN } }, 'queue.drainEveryMs is NaN; allowed: a number of ms, 0 or more'],
  ['slackNotifier', { openMs: -1, name: 'a' }, 'openMs is -1; allowed:'],
  ['guardWebClient', { queue: {} }, 'queue is an object; allowed: no option of this name'],
  ['guardWebClient', { timeoutMs: -1 }, 'timeoutMs is -1; allowed: a number of ms, 0 or more'],
  ['guardWebClient', { halfOpen: { maxConcurrent: 0 }, name: 'b' }, 'halfOpen.maxConcurrent is 0; allowed:'],
  ['slackIncidents', { registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry, a family'],
  ['slackIncidents', { through: 'slack' }, 'through is "slack"; allowed: a CircuitBreaker'],
  ['slackIncidents', { text: 'down' }, 'text is "down"; allowed: a function'],
  ['slackIncidents', { otherwise: 'log' }, 'otherwise is "log"; allowed: a function'],
  ['slackIncidents', { maxPerFamily: 0 }, 'maxPerFamily is 0; allowed: a whole number of at least 1'],
])('%s refuses %j where it is written', (maker, options, message) => {
  const make = (): unknown => makers[maker]?.(options)
  expect(make).toThrow(CircuitBreakerConfigError)
  expect(make).toThrow(message)
})

test.each(Object.keys(makers))('%s takes an option that is undefined for one that is not given', (maker) => {
  const options = Object.fromEntries(optionNames(maker).map((name) => [name, undefined]))
  expect(() => makers[maker]?.({ ...options, registry })).not.toThrow()
})

test.each([null, 'https', 5])('%j instead of options is refused', (options) => {
  for (const make of Object.values(makers)) expect(() => make(options as never)).toThrow(CircuitBreakerConfigError)
})

test.each([undefined, null, {}, 5, '', 'not a url', 'ftp://a.example', new URL('file:///etc')])(
  '%j is no webhook',
  (webhook) => {
    expect(() => slackNotifier(webhook as string, { registry })).toThrow(CircuitBreakerConfigError)
  },
)

test('a webhook that is not set is shown to be empty', () => {
  expect(() => slackNotifier('', { registry })).toThrow('webhook is ""; allowed: an http or https URL')
})

test('a notify that is no function is refused', () => {
  expect(() => slackIncidents(undefined as never)).toThrow('notify is undefined; allowed: a function')
})

const token = 'xoxb-aVerySecretPart'
const secretUrl = 'https://hooks.slack.com/services/T0/B0/aVerySecretPart'
const withToken = { ...client, token }

test.each<[what: string, make: () => unknown]>([
  ['a token for a client', () => guardWebClient(token as never)],
  ['a client that is guarded already', () => guardWebClient(guardWebClient(withToken, { registry }))],
  ['a token for options', () => guardWebClient(client, token as never)],
  ['a token among the options', () => guardWebClient(client, { token } as object)],
  ['a URL for notify', () => slackIncidents(secretUrl as never)],
  ['a URL for a breaker', () => slackIncidents(() => {}, { through: secretUrl as never })],
  ['a URL for options', () => slackNotifier(url, secretUrl as never)],
  ['a URL among the options', () => slackNotifier(url, { url: new URL(secretUrl) } as object)],
  ['a URL in an object', () => slackNotifier({ url: secretUrl } as never)],
])('%s is refused without being shown', (_what, make) => {
  const error = thrownBy(make)
  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(inspect(error, { depth: null })).not.toContain('aVerySecretPart')
})

test('a breaker that is there already keeps its options, without a word', () => {
  const spy = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => spy.mockRestore())
  const breaker = registry.get('mine', { openMs: 1_000 })
  expect(slackNotifier(url, { registry, name: 'mine', timeoutMs: 5 }).breaker).toBe(breaker)
  expect(spy).not.toHaveBeenCalled()
})

test('the guide has every option that is not a breaker’s', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/slack.md', import.meta.url), 'utf8')
  const breakerOptions = new Set(
    'trip openMs halfOpen rampUp recoverWhen mode critical clock restore redact'.split(' '),
  )
  const names = [...Object.keys(makers).flatMap(optionNames), 'queue.max', 'queue.ttlMs', 'queue.drainEveryMs']
  const missing = names.filter((name) => !breakerOptions.has(name) && !guide.includes(`\`${name}\``))
  expect(missing).toEqual([])
})

test('nothing of Slack is imported, not even a type: it works where neither client is installed', () => {
  const folder = new URL('../../src/slack/', import.meta.url)
  const sources = globSync('*.ts', { cwd: folder }).map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const imported = sources.flatMap((source) => [...source.matchAll(/from '([^']+)'/g)].map(([, module]) => module))
  expect(imported.length).toBeGreaterThan(10)
  expect(imported.filter((module) => !/^(\.\/|\.\.\/http\/|@switchgear\/core$)/.test(String(module)))).toEqual([])
})

/** All that there are, by what an error says. */
function optionNames(maker: string): string[] {
  try {
    makers[maker]?.({ nothingLikeThat: 1 })
  } catch (error) {
    return (error as CircuitBreakerConfigError).allowed.replace('no option of this name, only ', '').split(', ')
  }
  throw new Error('an unknown name was allowed')
}

function thrownBy(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return error
  }
}
