import { IncomingWebhook } from '@slack/webhook'
import {
  type DroppedNotification,
  type SlackCallError,
  slackNotifier,
  type SlackNotifier,
  type SlackNotifierStatus,
} from '@switchgear/adapters/slack'
import { consecutiveFailures, getCircuitBreaker, isCircuitOpenError } from '@switchgear/core'
import { answer, cutBody, HeldReply, neverAnswer, resetBeforeHeaders } from '@switchgear/testkit'
import { errorPage, rateLimited, webhookAnswer } from '@switchgear/testkit/fake-slack'
import { IncomingWebhook as IncomingWebhook7 } from 'slack-webhook7'
import { expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { setStage, verdicts } from './stage.ts'

/** What was dropped for each reason for which something was. */
function dropCounts(status: SlackNotifierStatus): object {
  return Object.fromEntries(Object.entries(status.dropped).filter(([, count]) => count > 0))
}

function captureWarnings(): string[] {
  const lines: string[] = []
  const spy = vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
  onTestFinished(() => spy.mockRestore())
  return lines
}

test('a notification goes to the webhook of a URL', async () => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry })
  expect(await notify('the export is done')).toBe(true)
  expect(await notify({ text: 'so is this', unfurl_links: false })).toBe(true)
  expect(slack.messages).toEqual([{ text: 'the export is done' }, { text: 'so is this', unfurl_links: false }])
  expect(notify.status()).toMatchObject({ sent: 2, queued: 0 })
})

test.each([
  ['8', IncomingWebhook],
  ['7', IncomingWebhook7],
])('a notification goes through an IncomingWebhook of version %s', async (_version, Webhook) => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(new Webhook(slack.webhookUrl, { username: 'exports' }), { registry })
  expect(await notify('the export is done')).toBe(true)
  expect(slack.messages).toMatchObject([{ text: 'the export is done', username: 'exports' }])
})

test('while the breaker is open the answer is false at once, and nothing is sent', async () => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  notify.breaker.trip({ reason: 'test' })
  expect(await notify('it is down')).toBe(false)
  expect(slack.server.connections).toBe(0)
  expect(dropCounts(notify.status())).toEqual({ open: 1 })
})

test('a message that has no answer after three seconds is given up and may have arrived', async () => {
  const { slack, clock, registry } = await setStage()
  slack.server.always(neverAnswer())
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  const sent = notify('it is down')
  await slack.server.received(1)
  clock.advance(2_999)
  expect(notify.status().dropped.timeout).toBe(0)
  clock.advance(1)
  expect(await sent).toBe(false)
  expect(dropCounts(notify.status())).toEqual({ timeout: 1 })
  expect(verdicts(notify.breaker)).toEqual({ failure: 1 })
  await slack.server.drained()
  expect(clock.timers).toBe(0)
})

test.each([
  ['a 503', errorPage(503), 'failed', { failure: 1 }],
  ['a connection that is reset', resetBeforeHeaders(), 'failed', { failure: 1 }],
  ['an answer that breaks off', cutBody(), 'failed', { failure: 1 }],
  ["a proxy's page that says 200", errorPage(200), 'failed', { failure: 1 }],
  ['too many requests', rateLimited(30), 'rate_limited', { failure: 1 }],
  ['a webhook that was taken away', webhookAnswer(404, 'no_service'), 'misconfigured', { ignored: 1 }],
  ['a channel that was archived', webhookAnswer(410, 'channel_is_archived'), 'misconfigured', { ignored: 1 }],
  ['a redirect', answer({ status: 302, headers: { location: '/' } }), 'misconfigured', { ignored: 1 }],
])('%s drops the notification under a reason of its own', async (_what, reply, reason, verdict) => {
  const { slack, registry } = await setStage()
  const drops: DroppedNotification<unknown>[] = []
  const notify = slackNotifier(slack.webhookUrl, {
    registry,
    onDrop: (drop) => drops.push(drop),
    onMisconfigured: () => {},
  })
  slack.server.next(reply)
  expect(await notify('it is down')).toBe(false)
  expect(drops).toMatchObject([{ reason, message: 'it is down', error: { code: 'ERR_SLACK_CALL' } }])
  expect(dropCounts(notify.status())).toEqual({ [reason]: 1 })
  expect(verdicts(notify.breaker)).toEqual(verdict)
})

test('a redirect is not followed', async () => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, onMisconfigured: () => {}, onDrop: () => {} })
  slack.server.always(answer({ status: 307, headers: { location: '/elsewhere' } }))
  expect(await notify('it is down')).toBe(false)
  expect(slack.server.requests).toHaveLength(1)
})

test('a message that is no JSON is refused, and says nothing of Slack', async () => {
  const { slack, registry } = await setStage()
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  for (const webhook of [slack.webhookUrl, new IncomingWebhook(slack.webhookUrl)]) {
    const notify = slackNotifier<Record<string, unknown>>(webhook as IncomingWebhook, { registry, onDrop: () => {} })
    expect(await notify(circular)).toBe(false)
    expect(dropCounts(notify.status())).toEqual({ refused: 1 })
  }
  expect(registry.get('slack').status().totals).toMatchObject({ failure: 0, ignored: 2 })
})

test.each([
  [
    'throws',
    () => {
      throw new Error('at once')
    },
  ],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['rejects with a hostile Proxy', () => Promise.reject(hostile())],
  ['gives no promise', () => 'ok'],
  ['gives a hostile Proxy', () => Promise.resolve({ result: hostile() })],
])('notify never rejects: a webhook that %s', async (_what, send) => {
  const { registry } = await setStage()
  const notify = slackNotifier({ send: send as () => Promise<unknown> }, { registry, onDrop: () => {} })
  expect(await notify('it is down')).toBeTypeOf('boolean')
  expect(notify.breaker.status().totals).toMatchObject({ active: 0, failure: 0 })
})

test('functions of the user that throw or reject do not hurt', async () => {
  const { slack, registry } = await setStage()
  const lines = captureWarnings()
  const notify = slackNotifier(slack.webhookUrl, {
    registry,
    onDrop: () => Promise.reject(new Error('no')),
    onMisconfigured: () => {
      throw new Error('no')
    },
  })
  slack.server.next(webhookAnswer(404, 'no_service'))
  expect(await notify('it is down')).toBe(false)
  await vi.waitFor(() => expect(lines).toHaveLength(2))
  expect(lines).toEqual(['switchgear: "slack": onMisconfigured threw', 'switchgear: "slack": onDrop threw'])
})

test('without onDrop the first drop for each reason is a line', async () => {
  const { slack, registry } = await setStage()
  const lines = captureWarnings()
  const notify = slackNotifier(slack.webhookUrl, { registry, trip: consecutiveFailures(2) })
  slack.server.always(errorPage())
  for (let i = 0; i < 5; i++) await notify('a secret of the user')
  expect(dropCounts(notify.status())).toEqual({ failed: 2, open: 3 })
  expect(lines).toEqual([
    'switchgear: "slack": a notification was dropped (failed); status() counts further ones',
    'switchgear: "slack": a notification was dropped (open); status() counts further ones',
  ])
})

test('an onDrop that sends a notification does not go round for ever', async () => {
  const { slack, registry } = await setStage()
  for (const [name, queue] of [['without a queue'], ['with one', { max: 1 }]] as const) {
    let calls = 0
    const notify: SlackNotifier = slackNotifier(slack.webhookUrl, {
      registry,
      name,
      ...(queue && { queue }),
      onDrop: ({ reason }) => {
        calls++
        void notify(`dropped: ${reason}`)
      },
    })
    notify.breaker.trip({ reason: 'test' })
    for (let i = 0; i < 3; i++) await notify(`message ${i}`)
    notify.breaker.reset()
    await notify[Symbol.asyncDispose]()
    await notify('too late')
    // Each of those that were dropped, and none of those that this sent.
    expect(calls).toBe(queue === undefined ? 4 : 3)
    // What it sends takes no place of what waits.
    expect(slack.texts.includes('message 2')).toBe(queue !== undefined)
  }
})

test('what is misconfigured is reported once for each code', async () => {
  const { slack, registry } = await setStage()
  const lines = captureWarnings()
  const notify = slackNotifier(slack.webhookUrl, { registry })
  slack.server.next(...['no_service', 'no_service', 'channel_is_archived'].map((code) => webhookAnswer(404, code)))
  for (let i = 0; i < 3; i++) await notify('it is down')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('no_service')
  expect(lines[1]).toContain('channel_is_archived')
  expect(notify.breaker.state).toBe('closed')
})

test('while Slack asks for a pause nothing is sent', async () => {
  const { slack, clock, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  slack.server.next(rateLimited(30))
  expect(await notify('one')).toBe(false)
  clock.advance(29_999)
  expect(await notify('two')).toBe(false)
  expect(slack.server.requests).toHaveLength(1)
  expect(dropCounts(notify.status())).toEqual({ rate_limited: 2 })
  clock.advance(1)
  expect(await notify('three')).toBe(true)
})

test('of two pauses the longer one counts', async () => {
  const { slack, clock, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  const held = [new HeldReply(rateLimited(60)), new HeldReply(rateLimited(1))] as const
  slack.server.next(held[0].reply, held[1].reply)
  const sent = [notify('one'), notify('two')]
  await slack.server.received(2)
  held[0].release()
  await Promise.race(sent)
  held[1].release()
  await Promise.all(sent)
  clock.advance(59_999)
  expect(await notify('three')).toBe(false)
  clock.advance(1)
  expect(await notify('four')).toBe(true)
})

test('a pause is heeded no longer than maxRetryAfterMs', async () => {
  const { slack, clock, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, maxRetryAfterMs: 10_000, onDrop: () => {} })
  slack.server.next(rateLimited(86_400))
  await notify('one')
  clock.advance(10_000)
  expect(await notify('two')).toBe(true)
})

test('rate limits that open the breaker hold it for as long as Slack asks', async () => {
  const { slack, registry } = await setStage()
  const options = { registry, trip: consecutiveFailures(1), openMs: 1_000, onDrop: () => {} }
  const notify = slackNotifier(slack.webhookUrl, options)
  slack.server.next(rateLimited(30))
  await notify('one')
  expect(notify.breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 30_000 })
})

test('the pause is known of an IncomingWebhook of version 7, and lost in version 8', async () => {
  const { slack, registry } = await setStage()
  for (const [name, Webhook, retryAfterMs] of [
    ['7', IncomingWebhook7, 30_000],
    ['8', IncomingWebhook, undefined],
  ] as const) {
    const drops: DroppedNotification<unknown>[] = []
    const webhook = new Webhook(slack.webhookUrl)
    const notify = slackNotifier(webhook, { registry, name, onDrop: (drop) => drops.push(drop) })
    slack.server.next(rateLimited(30))
    await notify('one')
    expect(drops).toMatchObject([{ reason: 'rate_limited', error: { status: 429, retryAfterMs } }])
  }
})

test.each([
  ['8', IncomingWebhook],
  ['7', IncomingWebhook7],
])("an IncomingWebhook's own time limit is one, in version %s", async (_version, Webhook) => {
  const { slack, registry } = await setStage()
  slack.server.always(neverAnswer())
  const notify = slackNotifier(new Webhook(slack.webhookUrl, { timeout: 1 }), { registry, onDrop: () => {} })
  await notify('it is down')
  expect(dropCounts(notify.status())).toEqual({ timeout: 1 })
  expect(verdicts(notify.breaker)).toEqual({ failure: 1 })
})

test('an answer that breaks off is a failure in version 7 too', async () => {
  const { slack, registry } = await setStage()
  slack.server.always(cutBody())
  const notify = slackNotifier(new IncomingWebhook7(slack.webhookUrl), { registry, onDrop: () => {} })
  await notify('it is down')
  expect(verdicts(notify.breaker)).toEqual({ failure: 1 })
})

test.each([
  ['8', IncomingWebhook],
  ['7', IncomingWebhook7],
])('an IncomingWebhook whose URL is none is misconfigured, in version %s', async (_version, Webhook) => {
  const { registry } = await setStage()
  const reasons: string[] = []
  const onMisconfigured = ({ reason }: SlackCallError): unknown => reasons.push(reason)
  const notify = slackNotifier(new Webhook('not a url'), { registry, onMisconfigured, onDrop: () => {} })
  await notify('it is down')
  expect(reasons).toEqual(['invalid_url'])
  expect(verdicts(notify.breaker)).toEqual({ ignored: 1 })
})

test('the URL of the webhook is in no error, status, warning or name', async () => {
  const { slack, registry } = await setStage()
  const lines = captureWarnings()
  const seen: unknown[] = []
  // Version 7 keeps axios' whole request in its errors.
  for (const webhook of [slack.webhookUrl, new IncomingWebhook7(slack.webhookUrl)]) {
    const name = String(seen.length)
    const notify = slackNotifier(webhook as string, { registry, name, onDrop: (drop) => seen.push(drop) })
    slack.server.next(errorPage(), resetBeforeHeaders(), webhookAnswer(404, 'no_service'), errorPage(), rateLimited(1))
    for (let i = 0; i < 6; i++) await notify('it is down')
    notify.breaker.trip({ reason: 'test' })
    await notify('it is down')
    seen.push(notify.status(), notify.breaker.status(), notify.breaker.name, notify)
  }
  for (const bad of ['hooks.slack.com/services/T0/B0/aVerySecretPart', 'ftp://x/aVerySecretPart', ' aVerySecretPart']) {
    seen.push(await rejection((async () => slackNotifier(bad, { registry }))()))
  }
  expect(deepText([seen, lines])).not.toContain('aVerySecretPart')
})

test('send gives what the webhook gave, and rejects with its error', async () => {
  const { slack, registry } = await setStage()
  const result = { text: 'ok' }
  const error = new Error('not today')
  const results = [Promise.resolve(result), Promise.reject(error)]
  const notify = slackNotifier({ send: () => results.shift() as Promise<unknown> }, { registry })
  expect(await notify.send('one')).toBe(result)
  expect(await rejection(notify.send('two'))).toBe(error)
  slack.server.next(webhookAnswer(404, 'no_service'))
  const byUrl = slackNotifier(slack.webhookUrl, { registry, onMisconfigured: () => {} })
  expect(await rejection(byUrl.send('three'))).toMatchObject({
    kind: 'misconfigured',
    reason: 'no_service',
    status: 404,
  })
  byUrl.breaker.trip({ reason: 'test' })
  expect(await rejection(byUrl.send('four'))).toSatisfy(isCircuitOpenError)
  expect(byUrl.status()).toMatchObject({ sent: 0, dropped: { open: 0, misconfigured: 0 } })
})

test('the abort of a caller of send is its own, whatever the webhook makes of it', async () => {
  const { slack, registry } = await setStage()
  slack.server.always(neverAnswer())
  const notify = slackNotifier(new IncomingWebhook(slack.webhookUrl), { registry })
  const controller = new AbortController()
  const sent = rejection(notify.send('it is down', { signal: controller.signal }))
  await slack.server.received(1)
  controller.abort('the user left')
  expect(await sent).toBe('the user left')
  expect(verdicts(notify.breaker)).toEqual({ ignored: 1 })
})

test('an abort of a caller of send while its call is being admitted sends nothing', async () => {
  const { slack, clock, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, openMs: 1_000 })
  const controller = new AbortController()
  notify.breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  notify.breaker.on('transition', () => controller.abort('the user left'))
  expect(await rejection(notify.send('it is down', { signal: controller.signal }))).toBe('the user left')
  expect(slack.server.connections).toBe(0)
  expect(verdicts(notify.breaker)).toEqual({ ignored: 1 })
})

test('many calls of send with one signal put one listener on it, and leave none', async () => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry })
  const { signal } = new AbortController()
  const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  // Node 20 prints a warning when there are eleven.
  await Promise.all(Array.from({ length: 11 }, () => notify.send('it is up', { signal })))
  expect(add).toHaveBeenCalledTimes(1)
  expect(remove.mock.calls).toEqual([['abort', add.mock.calls[0]?.[1]]])
})

test('classify is not asked about an abort', async () => {
  const { slack, registry } = await setStage()
  slack.server.always(neverAnswer())
  const notify = slackNotifier(slack.webhookUrl, { registry, classify: () => 'failure' })
  const controller = new AbortController()
  const sent = rejection(notify.send('it is down', { signal: controller.signal }))
  await slack.server.received(1)
  controller.abort()
  await sent
  expect(verdicts(notify.breaker)).toEqual({ ignored: 1 })
})

test('a deadline of the caller of send is a failure', async () => {
  const { slack, registry } = await setStage()
  slack.server.always(neverAnswer())
  const notify = slackNotifier(slack.webhookUrl, { registry })
  expect(await rejection(notify.send('it is down', { signal: AbortSignal.timeout(1) }))).toMatchObject({
    name: 'TimeoutError',
  })
  expect(verdicts(notify.breaker)).toEqual({ failure: 1 })
})

test('notifiers of one name share a breaker, with a time limit each', async () => {
  const { slack, clock, registry } = await setStage()
  const lines = captureWarnings()
  const quick = slackNotifier(slack.webhookUrl, { registry, timeoutMs: 1_000, onDrop: () => {} })
  const slow = slackNotifier(slack.webhookUrl, { registry, timeoutMs: 10_000, onDrop: () => {} })
  expect(slow.breaker).toBe(quick.breaker)
  slack.server.always(neverAnswer())
  const results = [quick('one'), slow('two')]
  await slack.server.received(2)
  clock.advance(1_000)
  await results[0]
  expect([quick.status().dropped.timeout, slow.status().dropped.timeout]).toEqual([1, 0])
  clock.advance(9_000)
  await results[1]
  expect(slow.status().dropped.timeout).toBe(1)
  expect(lines).toEqual([])
})

test('the breaker is "slack" in the registry of the process', async () => {
  const { slack } = await setStage()
  expect(slackNotifier(slack.webhookUrl).breaker).toBe(getCircuitBreaker('slack'))
})

test('a breaker that has a time limit and a classify of its own brings them along', async () => {
  const { slack, clock, registry } = await setStage()
  const breaker = registry.get('slack', { timeoutMs: 500, classify: () => 'ignored' })
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  slack.server.always(neverAnswer())
  const sent = notify('it is down')
  await slack.server.received(1)
  clock.advance(500)
  expect(await sent).toBe(false)
  expect(verdicts(breaker)).toEqual({ ignored: 1 })
})

test('classify says otherwise', async () => {
  const { slack, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, {
    registry,
    onDrop: () => {},
    onMisconfigured: () => {},
    classify: ({ error }) =>
      (error as { reason?: string } | undefined)?.reason === 'no_service' ? 'failure' : undefined,
  })
  slack.server.next(webhookAnswer(404, 'no_service'))
  await notify('one')
  await notify('two')
  expect(verdicts(notify.breaker)).toEqual({ failure: 1, success: 1 })
})

test('a classify that throws or says nonsense counts as failure and is reported once', async () => {
  const { slack, registry } = await setStage()
  const lines = captureWarnings()
  const answers = [
    () => {
      throw new Error('no')
    },
    () => Promise.reject(new Error('no')),
  ]
  const classify = (): undefined => answers.shift()?.() as undefined
  const notify = slackNotifier(slack.webhookUrl, { registry, classify })
  expect(await notify('one')).toBe(true)
  expect(await notify('two')).toBe(true)
  expect(verdicts(notify.breaker)).toEqual({ failure: 2 })
  expect(lines).toEqual(['switchgear: slack: classify threw; counted as failure'])
})

test('fetch is looked up when a message is sent, unless one is given', async () => {
  const { slack, registry } = await setStage()
  const given = vi.fn<typeof fetch>(() => Promise.resolve(new Response('ok')))
  const notify = slackNotifier(slack.webhookUrl, { registry })
  const spy = vi.spyOn(globalThis, 'fetch')
  onTestFinished(() => spy.mockRestore())
  await notify('one')
  expect(spy).toHaveBeenCalledOnce()
  await slackNotifier(slack.webhookUrl, { registry, fetch: given })('two')
  expect(given).toHaveBeenCalledOnce()
  expect(slack.texts).toEqual(['one'])
})

/** Throws whatever is done to it. */
function hostile(): object {
  const throws = (): never => {
    throw new Error('hostile')
  }
  return new Proxy({}, { get: throws, getPrototypeOf: throws, has: throws })
}

/** All that can be got out of a value, by whatever way. */
function deepText(root: unknown): string {
  const seen = new Set<unknown>()
  const texts: string[] = []
  const waiting = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      if (typeof value === 'string' || typeof value === 'symbol') texts.push(value.toString())
    } else if (!seen.has(value)) {
      seen.add(value)
      if (value instanceof Map || value instanceof Set) waiting.push(...value)
      // A strict function has no caller and no arguments to look at.
      const names = Reflect.ownKeys(value).filter((name) => name !== 'caller' && name !== 'arguments')
      for (const name of names) waiting.push(name, Reflect.get(value, name))
    }
  }
  return texts.join('\n')
}
