import { LogLevel, WebClient } from '@slack/web-api'
import { guardWebClient } from '@switchgear/adapters/slack'
import { consecutiveFailures, getCircuitBreaker, isCircuitOpenError } from '@switchgear/core'
import { answer, cutBody, HeldReply, neverAnswer, resetBeforeHeaders } from '@switchgear/testkit'
import { apiAnswer, apiError, errorPage, rateLimited } from '@switchgear/testkit/fake-slack'
import { LogLevel as LogLevel7, WebClient as WebClient7 } from 'slack-web-api7'
import { expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { setStage, verdicts, webClient } from './stage.ts'

const message = { channel: 'alerts', text: 'it is down' }

test('a call of a method is one permit, and gives what the client gives', async () => {
  const { slack, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry })
  expect(await client.chat.postMessage(message)).toMatchObject({ ok: true, channel: 'alerts' })
  expect(slack.texts).toEqual(['it is down'])
  expect(verdicts(registry.get('slack-api'))).toEqual({ success: 1 })
})

test('the methods of version 7 are guarded too', async () => {
  const { slack, registry } = await setStage()
  const options = { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, logLevel: LogLevel7.ERROR }
  const client = guardWebClient(new WebClient7(slack.token, options), { registry, onMisconfigured: () => {} })
  await client.chat.postMessage(message)
  slack.server.next(errorPage(), resetBeforeHeaders(), apiError('invalid_auth'), cutBody())
  const errors = []
  for (let i = 0; i < 4; i++) errors.push(await rejection(client.chat.postMessage(message)))
  expect(errors).toMatchObject(
    ['http', 'request', 'platform', 'request'].map((kind) => ({ code: `slack_webapi_${kind}_error` })),
  )
  expect(verdicts(registry.get('slack-api'))).toEqual({ success: 1, failure: 3, ignored: 1 })
  expect(registry.get('slack-api').status().failuresByType).toEqual({ 503: 1, ECONNRESET: 1, broken_answer: 1 })
})

test('a request that failed in version 7 counts as failure where its error does not say why', async () => {
  const { slack, registry } = await setStage()
  const plain = new WebClient7(slack.token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: LogLevel7.ERROR,
    attachOriginalToWebAPIRequestError: false,
  })
  slack.server.next(resetBeforeHeaders())
  await rejection(guardWebClient(plain, { registry }).chat.postMessage(message))
  expect(registry.get('slack-api').status().failuresByType).toEqual({ request_error: 1 })
})

test('however often the client retries in a call, it is one permit', async () => {
  const { slack, registry } = await setStage()
  const retryConfig = { retries: 3, minTimeout: 1, maxTimeout: 1 }
  const client = guardWebClient(webClient(slack, { retryConfig }), { registry })
  slack.server.next(errorPage(), errorPage(), errorPage())
  await client.chat.postMessage(message)
  expect(slack.server.requests).toHaveLength(4)
  expect(verdicts(registry.get('slack-api'))).toEqual({ success: 1 })
})

test.each<[what: string, call: (client: WebClient) => Promise<unknown>, calls: number]>([
  ['apiCall', (client) => client.apiCall('api.test'), 1],
  ['a method in a namespace of a namespace', (client) => rejection(client.admin.users.list()), 1],
  ['filesUploadV2', (client) => client.filesUploadV2({ content: 'a', filename: 'a.txt', channel_id: 'C1' }), 1],
  ['files.uploadV2', (client) => client.files.uploadV2({ content: 'a', filename: 'a.txt' }), 1],
  ['each page of paginate', (client) => pages(client), 3],
  ['a paginate that stops', (client) => client.paginate('conversations.list', {}, () => true), 1],
  ['each call of a stream', (client) => rejection(streamed(client)), 1],
])('%s is guarded', async (_what, call, calls) => {
  const { slack, registry } = await setStage()
  await call(guardWebClient(webClient(slack), { registry, onMisconfigured: () => {} }))
  const { success, ignored } = registry.get('slack-api').status().totals
  expect(success + ignored).toBe(calls)
  expect(slack.server.requests.length).toBeGreaterThanOrEqual(calls)
})

test('while the breaker is open no call is made', async () => {
  const { slack, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry })
  registry.get('slack-api').trip({ reason: 'test' })
  for (const call of [
    client.chat.postMessage(message),
    client.apiCall('api.test'),
    client.filesUploadV2({ content: 'a', filename: 'a.txt' }),
    pages(client),
  ]) {
    expect(isCircuitOpenError(await rejection(call))).toBe(true)
  }
  expect(slack.server.connections).toBe(0)
})

test('what is not a call is the client itself', async () => {
  const { slack, registry } = await setStage()
  const client = webClient(slack)
  const guarded = guardWebClient(client, { registry })
  expect(guarded).toBeInstanceOf(WebClient)
  expect(guarded.token).toBe(client.token)
  expect(guarded.chat).toBe(guarded.chat)
  expect(guarded.chat.postMessage).toBe(guarded.chat.postMessage)
  expect(guarded.chat.postMessage.name).toBe(client.chat.postMessage.name)
  expect(Object.keys(guarded.chat)).toEqual(Object.keys(client.chat))
  expect(guarded.chat.hasOwnProperty('postMessage')).toBe(true)
  const heard: unknown[] = []
  expect(guarded.on('rate_limited' as never, (seconds: number) => heard.push(seconds))).toBe(guarded)
  slack.server.next(rateLimited(30))
  await rejection(guarded.chat.postMessage(message))
  expect(heard).toEqual([30])
})

test('the client that is guarded stays as it is', async () => {
  const { slack, registry } = await setStage()
  const client = webClient(slack)
  guardWebClient(client, { registry })
  registry.get('slack-api').trip({ reason: 'test' })
  await client.chat.postMessage(message)
  expect(slack.texts).toEqual(['it is down'])
})

test('a method that a test has put there is guarded too', async () => {
  const { slack, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry })
  const post = vi.spyOn(client.chat, 'postMessage').mockResolvedValue({ ok: true })
  expect(await client.chat.postMessage(message)).toEqual({ ok: true })
  expect(post).toHaveBeenCalledWith(message)
  expect(verdicts(registry.get('slack-api'))).toEqual({ success: 1 })
})

test("an object of the user's own on the client is left alone", async () => {
  const { slack, registry } = await setStage()
  const logged: string[] = []
  const logger = {
    ...Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, () => logged.push(level)])),
    setLevel: () => {},
    getLevel: () => LogLevel.DEBUG,
    setName: () => {},
    self: {} as object,
  }
  logger.self = logger
  const client = guardWebClient(webClient(slack, { logger: logger as never }), { registry })
  await client.chatStream({ channel: 'alerts', thread_ts: '1.1' }).append({ markdown_text: 'short' })
  expect(logged).toContain('debug')
  expect(registry.get('slack-api').status().totals).toMatchObject({ active: 0, success: 0 })
})

test('the error is the very one of the client', async () => {
  const { slack, registry } = await setStage()
  const client = webClient(slack)
  const error = new Error('not today')
  vi.spyOn(client.chat, 'postMessage').mockRejectedValue(error)
  const guarded = guardWebClient(client, { registry })
  expect(await rejection(guarded.chat.postMessage(message))).toBe(error)
})

test.each([
  ['a 429', rateLimited(30), 'slack_webapi_rate_limited_error'],
  [
    'a 200',
    answer({ headers: { 'retry-after': '30' }, body: '{"ok":false,"error":"ratelimited"}' }),
    'slack_webapi_platform_error',
  ],
])('a rate limit by %s that opens the breaker holds it for as long as Slack asks', async (_what, reply, code) => {
  const { slack, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry, trip: consecutiveFailures(1), openMs: 1_000 })
  slack.server.next(reply)
  expect(await rejection(client.chat.postMessage(message))).toMatchObject({ code })
  expect(registry.get('slack-api').status()).toMatchObject({ state: 'open', retryAfterMs: 30_000 })
})

test('a call that takes longer than thirty seconds is given up, its retries included', async () => {
  const { slack, clock, registry } = await setStage()
  // The client as it is made by default: ten retries in half an hour.
  const plain = new WebClient(slack.token, { slackApiUrl: slack.apiUrl, logLevel: LogLevel.ERROR })
  const client = guardWebClient(plain, { registry })
  slack.server.always(neverAnswer())
  const call = rejection(client.chat.postMessage(message))
  await slack.server.received(1)
  clock.advance(30_000)
  expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT', timeoutMs: 30_000 })
  expect(verdicts(registry.get('slack-api'))).toEqual({ failure: 1 })
})

test('what comes after the time limit moves nothing', async () => {
  const { slack, clock, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry })
  const held = new HeldReply(apiAnswer({ ok: true }))
  slack.server.next(held.reply)
  const call = rejection(client.chat.postMessage(message))
  await slack.server.received(1)
  clock.advance(30_000)
  await call
  held.release()
  await slack.server.drained()
  expect(registry.get('slack-api').status().totals).toMatchObject({ success: 0, failure: 1, stale: 0, active: 0 })
})

test('what is misconfigured is told once for each code, without the token', async () => {
  const { slack, registry } = await setStage()
  const lines: string[] = []
  const spy = vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
  onTestFinished(() => spy.mockRestore())
  const client = guardWebClient(new WebClient('xoxb-wrong', { slackApiUrl: slack.apiUrl }), { registry })
  for (let i = 0; i < 3; i++) await rejection(client.chat.postMessage(message))
  expect(lines).toEqual([
    'switchgear: "slack-api": Slack refuses calls (invalid_auth) and will until somebody changes the app, its token or channel',
  ])
  expect(registry.get('slack-api').state).toBe('closed')
})

test('onMisconfigured hears of at most a hundred codes', async () => {
  const { slack, registry } = await setStage()
  const client = webClient(slack)
  const codes: string[] = []
  let number = 0
  vi.spyOn(client.chat, 'postMessage').mockImplementation(() => {
    const error = { code: 'slack_webhook_http_error', statusCode: 404, body: `code_${number++}` }
    return Promise.reject(error)
  })
  const guarded = guardWebClient(client, { registry, onMisconfigured: ({ reason }) => codes.push(reason) })
  for (let i = 0; i < 150; i++) await rejection(guarded.chat.postMessage(message))
  expect(codes).toHaveLength(100)
})

test('the token is in no evidence', async () => {
  const { slack, registry } = await setStage()
  const options = { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 }, logLevel: LogLevel7.ERROR }
  const client = guardWebClient(new WebClient7(slack.token, options), { registry, trip: consecutiveFailures(1) })
  const errors: unknown[] = []
  registry.on('failure', ({ error }) => errors.push(error))
  slack.server.next(resetBeforeHeaders())
  // Version 7 keeps axios' whole request in this one, which is the caller's.
  expect(JSON.stringify(await rejection(client.chat.postMessage(message)))).toContain(slack.token)
  const rejected = (await rejection(client.chat.postMessage(message))) as Error
  const evidence = JSON.stringify([errors, rejected, rejected.cause, registry.status()])
  expect(evidence).toContain('ECONNRESET')
  expect(evidence).not.toContain(slack.token)
})

test.each<unknown>([undefined, null, {}, 'xoxb-token'])('%j is no client', (client) => {
  expect(() => guardWebClient(client as WebClient)).toThrow('a WebClient of @slack/web-api')
})

test('a guarded client is not guarded again', async () => {
  const { slack, registry } = await setStage()
  const client = guardWebClient(webClient(slack), { registry })
  expect(() => guardWebClient(client, { registry })).toThrow('not guarded yet')
})

test('the breaker is "slack-api" in the registry of the process', async () => {
  const { slack } = await setStage()
  await guardWebClient(webClient(slack)).api.test()
  expect(getCircuitBreaker('slack-api').status().totals.success).toBe(1)
})

async function pages(client: WebClient): Promise<void> {
  const names: unknown[] = []
  for await (const page of client.paginate('conversations.list')) names.push(page)
  expect(names).toHaveLength(3)
}

async function streamed(client: WebClient): Promise<void> {
  const stream = client.chatStream({ channel: 'alerts', thread_ts: '1.1' })
  await stream.append({ markdown_text: 'hello' })
  await stream.stop()
}
