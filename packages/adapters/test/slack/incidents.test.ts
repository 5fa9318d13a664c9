import { escapeMrkdwn, slackIncidents, type SlackIncidentsOptions, slackNotifier } from '@switchgear/adapters/slack'
import {
  type CircuitBreaker,
  CircuitBreakerRegistry,
  consecutiveFailures,
  failureRate,
  getCircuitBreaker,
  slowCallRate,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { errorPage } from '@switchgear/testkit/fake-slack'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { setStage, until } from './stage.ts'

interface IncidentStage {
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
  readonly messages: string[]
}

function watch(options: SlackIncidentsOptions = {}): IncidentStage {
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1) })
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { openMs: 60_000, halfOpen: { successesToClose: 1 } },
  })
  const messages: string[] = []
  const watching = slackIncidents((message) => messages.push(message), { registry, ...options })
  onTestFinished(() => watching[Symbol.dispose]())
  return { clock, registry, messages }
}

function fail(breaker: CircuitBreaker, times = 1, error: unknown = new TypeError('no')): void {
  for (let i = 0; i < times; i++) breaker.tryAcquire()?.failure(error)
}

function succeed(breaker: CircuitBreaker): void {
  breaker.tryAcquire()?.success()
}

test('one message when a breaker opens, and one when it has recovered', () => {
  const { clock, registry, messages } = watch()
  const breaker = registry.get('payments')
  fail(breaker, 2)
  breaker.acquire().failure(undefined, { type: '503' })
  fail(breaker, 2)
  expect(messages).toEqual([
    ':red_circle: *payments* has opened: 5 failures in a row. Last failures: TypeError ×4, 503 ×1.',
  ])
  for (let i = 0; i < 3; i++) breaker.tryAcquire()
  clock.advance(60_000)
  succeed(breaker)
  expect(messages.slice(1)).toEqual([
    ':large_green_circle: *payments* has recovered after 1 min; 3 calls were rejected.',
  ])
})

test('what opens again before it has closed is no news', () => {
  const { clock, registry, messages } = watch()
  const breaker = registry.get('payments', { trip: consecutiveFailures(1) })
  fail(breaker)
  for (let i = 0; i < 2; i++) {
    clock.advance(60_000)
    fail(breaker)
  }
  breaker.tryAcquire()
  expect(messages).toHaveLength(1)
  clock.advance(60_000)
  succeed(breaker)
  expect(messages.slice(1)).toEqual([
    ':large_green_circle: *payments* has recovered after 3 min; 1 call was rejected. It opened 3 times.',
  ])
  fail(breaker)
  expect(messages).toHaveLength(3)
})

test.each<[what: string, trip: (registry: CircuitBreakerRegistry) => void, cause: string]>([
  [
    'a failure',
    (registry) => fail(registry.get('a', { trip: consecutiveFailures(1) })),
    'a failure. Last failures: TypeError ×1',
  ],
  [
    'a rate of failures',
    (registry) => {
      const trip = failureRate({ threshold: 0.5, window: { calls: 4 }, minimumCalls: 3 })
      const breaker = registry.get('a', { trip })
      succeed(breaker)
      fail(breaker, 2)
    },
    '67 % of 3 calls failed. Last failures: TypeError ×2',
  ],
  [
    'a rate of slow calls',
    (registry) => {
      const trip = slowCallRate({ threshold: 1, slowMs: 0, window: { calls: 4 }, minimumCalls: 2 })
      const breaker = registry.get('a', { trip })
      succeed(breaker)
      succeed(breaker)
    },
    '100 % of 2 calls were slow',
  ],
  [
    'an operator',
    (registry) => void registry.get('a').trip({ reason: 'maintenance', actor: 'ann' }),
    'by ann, maintenance',
  ],
  [
    'nobody in particular',
    (registry) => void registry.get('a').trip({ reason: 'maintenance' }),
    'by hand, maintenance',
  ],
  [
    'a policy of the user',
    (registry) => {
      const tracker = { record: () => 'full_moon', readings: () => [{ policy: 'full_moon', threshold: 1, value: 1 }] }
      fail(registry.get('a', { trip: { createTracker: () => ({ ...tracker, clear: () => {} }) } as never }))
    },
    'full_moon. Last failures: TypeError ×1',
  ],
])('a message says why it was: %s', (_what, trip, cause) => {
  const { registry, messages } = watch()
  trip(registry)
  expect(messages).toEqual([`:red_circle: *a* has opened: ${cause}.`])
})

test('a breaker that is reset was not said to have recovered by itself', () => {
  const { clock, registry, messages } = watch()
  const breaker = registry.get('payments')
  breaker.trip({ reason: 'test' })
  clock.advance(7_300_000)
  breaker.reset()
  expect(messages[1]).toBe(':large_green_circle: *payments* was reset after 2 h; 0 calls were rejected.')
})

test('text says it in other words, or not at all', () => {
  const { registry, messages } = watch({
    text: ({ phase, name }) => (phase === 'opened' ? `${name} is down` : undefined),
  })
  const breaker = registry.get('payments')
  breaker.trip({ reason: 'test' })
  breaker.reset()
  expect(messages).toEqual(['payments is down'])
})

test('when many keys of a family open, further ones are one message, and so is their end', () => {
  const { registry, messages } = watch({ maxPerFamily: 2 })
  const family = registry.keyed('units')
  const units = ['a', 'b', 'c', 'd', 'e'].map((key) => family.for(key))
  for (const unit of units) unit.trip({ reason: 'test' })
  expect(messages).toEqual([
    ':red_circle: *units* (a) has opened: by hand, test.',
    ':red_circle: *units* (b) has opened: by hand, test.',
    ':red_circle: *units*: more than 2 are open; further ones are not reported one by one.',
  ])
  messages.length = 0
  for (const unit of units) unit.reset()
  expect(messages).toEqual([
    ':large_green_circle: *units* (a) was reset after 0 s; 0 calls were rejected.',
    ':large_green_circle: *units* (b) was reset after 0 s; 0 calls were rejected.',
    ':large_green_circle: *units*: the 3 that were not reported one by one have closed.',
  ])
  messages.length = 0
  family.for('c').trip({ reason: 'test' })
  expect(messages).toEqual([':red_circle: *units* (c) has opened: by hand, test.'])
})

test('a key that says no more than the name is left out', () => {
  const { registry, messages } = watch()
  const family = registry.keyed('fetch', { nameOf: (key) => new URL(key).host })
  family.for('https://api.example:8443').trip({ reason: 'test' })
  expect(messages).toEqual([':red_circle: *api.example:8443* has opened: by hand, test.'])
})

test('what is folded a second time is told a second time', () => {
  const { registry, messages } = watch({ maxPerFamily: 1 })
  const family = registry.keyed('units')
  family.for('a').trip({ reason: 'test' })
  for (let i = 0; i < 2; i++) {
    family.for('b').trip({ reason: 'test' })
    family.for('b').reset()
  }
  expect(messages.slice(1)).toEqual([
    ':red_circle: *units*: more than 1 are open; further ones are not reported one by one.',
    ':large_green_circle: *units*: the 1 that were not reported one by one have closed.',
    ':red_circle: *units*: more than 1 are open; further ones are not reported one by one.',
    ':large_green_circle: *units*: the 1 that were not reported one by one have closed.',
  ])
})

test('an incident that began before is not told of, and its end is', () => {
  const { registry } = watch()
  const family = registry.keyed('units')
  family.for('a').trip({ reason: 'test' })
  const messages: string[] = []
  const watching = slackIncidents((message) => messages.push(message), { registry })
  family.for('a').reset()
  expect(messages).toEqual([])
  watching[Symbol.dispose]()
})

test('the registry of the process is watched unless another is given', () => {
  const messages: string[] = []
  const watching = slackIncidents((message) => messages.push(message))
  getCircuitBreaker('watched').trip({ reason: 'test' })
  watching[Symbol.dispose]()
  getCircuitBreaker('watched').reset()
  expect(messages).toEqual([':red_circle: *watched* has opened: by hand, test.'])
})

test('a family or a breaker can be watched alone', () => {
  const { registry } = watch()
  const messages: string[] = []
  slackIncidents((message) => messages.push(message), { registry: registry.keyed('units') })
  slackIncidents((message) => messages.push(message), { registry: registry.get('payments') })
  for (const breaker of [registry.keyed('units').for('a'), registry.get('payments'), registry.get('other')]) {
    breaker.trip({ reason: 'test' })
  }
  expect(messages).toHaveLength(2)
})

test('a notify that rejects is reported once, as a warning', async () => {
  const registry = new CircuitBreakerRegistry()
  const warnings: string[] = []
  registry.on('warning', ({ code }) => warnings.push(code))
  slackIncidents(() => Promise.reject(new Error('no')), { registry })
  registry.get('payments').trip({ reason: 'test' })
  await vi.waitFor(() => expect(warnings).toEqual(['listener_threw']))
})

describe('when Slack itself is what is down', () => {
  test('its own incident is not sent through it, others are', async () => {
    const { slack, clock, registry } = await setStage()
    const lines: string[] = []
    const spy = vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
    onTestFinished(() => spy.mockRestore())
    const notify = slackNotifier(slack.webhookUrl, { registry, openMs: 1_000, halfOpen: { successesToClose: 1 } })
    slackIncidents(notify, { registry })
    slack.server.always(errorPage())
    for (let i = 0; i < 5; i++) await notify(`message ${i}`)
    expect(notify.breaker.state).toBe('open')
    registry.get('payments').trip({ reason: 'test' })
    expect(slack.server.requests).toHaveLength(5)
    slack.server.always(slack.reply)
    clock.advance(1_000)
    await notify('Slack is back')
    expect(notify.breaker.state).toBe('closed')
    expect(slack.texts).toEqual(['Slack is back'])
    registry.get('payments').reset()
    await until(() => slack.texts.length === 2)
    expect(slack.texts.slice(1)).toEqual([expect.stringContaining('*payments* was reset')])
    expect(lines.filter((line) => line.includes('slack*'))).toEqual([
      'switchgear: "slack": :red_circle: *slack* has opened: 5 failures in a row. Last failures: 503 ×5.',
      expect.stringContaining('*slack* has recovered'),
    ])
  })

  test('a family of the same name is another one', async () => {
    const { slack, registry } = await setStage()
    const notify = slackNotifier(slack.webhookUrl, { registry })
    slackIncidents(notify, { registry })
    registry.keyed('slack').for('a').trip({ reason: 'test' })
    await until(() => slack.texts.length === 1)
    expect(slack.texts).toEqual([':red_circle: *slack* (a) has opened: by hand, test.'])
  })

  test('messages about messages do not go round in a circle, even where nobody says what they go through', async () => {
    const { slack, clock, registry } = await setStage()
    const options = { registry, trip: consecutiveFailures(1), openMs: 1_000, onDrop: () => {} }
    const notify = slackNotifier(slack.webhookUrl, options)
    slackIncidents((message) => notify({ text: message }), { registry })
    slack.server.always(errorPage())
    for (let i = 0; i < 10; i++) {
      await notify('it is down')
      clock.advance(1_000)
    }
    await notify[Symbol.asyncDispose]()
    expect(slack.server.requests.length).toBeLessThanOrEqual(10)
  })

  test('a function around a notifier says what it goes through', async () => {
    const { slack, registry } = await setStage()
    const notify = slackNotifier(slack.webhookUrl, { registry })
    const heard: string[] = []
    slackIncidents((message) => notify({ text: message }), {
      registry,
      through: notify.breaker,
      otherwise: (message, { name }) => heard.push(`${name}: ${message}`),
    })
    notify.breaker.trip({ reason: 'test' })
    expect(heard).toEqual(['slack: :red_circle: *slack* has opened: by hand, test.'])
    expect(slack.server.connections).toBe(0)
  })
})

describe('hostile text', () => {
  test.each([
    [
      '<!channel> & <@U123> <https://evil.example|click>',
      '&lt;!channel&gt; &amp; &lt;@\u2060U123&gt; &lt;evil.example&gt;',
    ],
    ['@here @channel @everyone', '@\u2060here @\u2060channel @\u2060everyone'],
    ['https://user:secret@api.example:8443/v1/secret?token=secret#secret', 'api.example:8443'],
    ['see https://hooks.slack.com/services/T0/B0/secret, please', 'see hooks.slack.com please'],
    ['two\nlines\r\n\tand\u2028\u202Emore\u0000', 'two lines and more'],
    ['player_summary', 'player_summary'],
    ['x'.repeat(300), `${'x'.repeat(199)}…`],
    ['😀'.repeat(300), `${'😀'.repeat(199)}…`],
    ['&'.repeat(300), `${'&amp;'.repeat(199)}…`],
  ])('%j becomes harmless', (text, escaped) => {
    expect(escapeMrkdwn(text)).toBe(escaped)
  })

  test('a password in a URL that is cut off is not left', () => {
    const text = `${`https://a.example/${'x'.repeat(80)} `.repeat(10)}https://user:secret-secret-secret-secret@b.example`
    expect(escapeMrkdwn(text)).not.toContain('secret')
  })

  test('of a huge text only the beginning is looked at', () => {
    expect(escapeMrkdwn('to be '.repeat(1_000_000), 1_000_000).length).toBeLessThanOrEqual(1_000)
  })

  test('names, keys, reasons, actors and types are escaped', () => {
    const { registry, messages } = watch()
    registry.keyed('units').for('<!here> https://a.example/secret').trip({ reason: '<!here>', actor: '<!here>' })
    const breaker = registry.get('<!here>', { trip: consecutiveFailures(1) })
    breaker.acquire().failure(undefined, { type: '<!here>' })
    breaker.reset()
    expect(messages).toHaveLength(3)
    for (const message of messages) {
      expect(message).toContain('&lt;!here&gt;')
      expect(message).not.toMatch(/[<>]|secret/)
    }
  })

  test('the message of an error is in none', () => {
    const { registry, messages } = watch()
    fail(registry.get('payments'), 5, new Error('user 4711 at https://a.example'))
    expect(messages[0]).not.toContain('4711')
  })
})
