import { readFileSync } from 'node:fs'
import { IncomingWebhook } from '@slack/webhook'
import { guardWebClient, slackNotifier } from '@switchgear/adapters/slack'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { answer, cutBody, neverAnswer, resetBeforeHeaders, type Reply } from '@switchgear/testkit'
import { apiError, errorPage, rateLimited, webhookAnswer } from '@switchgear/testkit/fake-slack'
import { expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { setStage, type Stage, webClient } from './stage.ts'

type Way = 'a webhook by its URL' | 'an IncomingWebhook' | 'a WebClient'

/** What happens, on each of the ways that it can happen on. */
interface Scene {
  readonly replies: readonly Reply[]
  readonly on?: readonly Way[]
  readonly call?: (stage: Stage, way: Way) => Promise<unknown>
}

const webhooks: readonly Way[] = ['a webhook by its URL', 'an IncomingWebhook']
const api: readonly Way[] = ['a WebClient']
const errors = (codes: string): Reply[] => codes.split(/\s+/).map((code) => apiError(code))

// By the first cell of the table's rows.
const scenes: Record<string, Scene> = {
  'Slack takes the call': { replies: [] },
  '5xx or 408, whatever comes with it': {
    replies: [errorPage(500), errorPage(503), answer({ status: 408, body: '' })],
  },
  '429 with a `Retry-After`': { replies: [rateLimited(30), rateLimited(0)] },
  '429 without one': { replies: [rateLimited()], on: webhooks },
  '429 without one to a `WebClient`, whose error has no code then': { replies: [rateLimited()], on: api },
  'the network fails: refused, reset, no such host, TLS': { replies: [resetBeforeHeaders()] },
  'an answer that breaks off': { replies: [cutBody()] },
  'no answer within `timeoutMs`': { replies: [neverAnswer()], call: callForTooLong },
  "no answer within the client's own `timeout`": {
    replies: [neverAnswer()],
    on: ['an IncomingWebhook', 'a WebClient'],
    call: callWithTimeout,
  },
  '`internal_error`, `fatal_error`, `service_unavailable`, `request_timeout`, `team_added_to_org`': {
    replies: errors('internal_error fatal_error service_unavailable request_timeout team_added_to_org'),
    on: api,
  },
  '`ratelimited`, `rate_limited` with a 200': { replies: errors('ratelimited rate_limited'), on: api },
  "a page of somebody's in the place of Slack's answer": {
    replies: [errorPage(200)],
  },
  'a token, an app, a scope or a channel is wrong: `invalid_auth`, `missing_scope`, `channel_not_found` …': {
    replies: errors(
      `not_authed invalid_auth account_inactive token_expired token_revoked no_permission missing_scope
      not_allowed_token_type access_denied accesslimited ekm_access_denied enterprise_is_restricted org_login_required
      team_access_not_granted two_factor_setup_required channel_not_found not_in_channel is_archived restricted_action
      restricted_action_read_only_channel restricted_action_thread_only_channel unknown_method deprecated_endpoint
      method_deprecated restricted_action_non_threadable_channel restricted_action_thread_locked`,
    ),
    on: api,
  },
  'any other 4xx: `no_service`, `channel_is_archived`, `invalid_payload` …; a redirect': {
    replies: [
      webhookAnswer(400, 'invalid_payload'),
      webhookAnswer(403, 'action_prohibited'),
      webhookAnswer(404, 'no_service'),
      webhookAnswer(410, 'channel_is_archived'),
      errorPage(404),
    ],
  },
  'any other `ok: false`: `msg_too_long`, `already_reacted` …': {
    replies: errors('msg_too_long already_reacted'),
    on: api,
  },
  'a breaker further in, such as that of `breakerFetch`, rejects the call': {
    replies: [answer()],
    on: ['an IncomingWebhook', 'a WebClient'],
    call: callThroughOpenBreaker,
  },
  'the caller of `notify.send` aborts': { replies: [neverAnswer()], on: webhooks, call: callAndAbort },
  'the message is no JSON, or whatever else has none of these codes': { replies: [answer()], call: callWithNonsense },
}

interface Row {
  readonly what: string
  readonly verdict: string
  readonly type: string
}

const rows = readTable()

test('the guide has a row for each scene, and each row has one', () => {
  expect(rows.map(({ what }) => what)).toEqual(Object.keys(scenes))
})

for (const { what, verdict, type } of rows) {
  const { replies, on = [...webhooks, ...api], call = callOnce } = scenes[what] ?? { replies: [] }
  for (const way of on) {
    test(`${what}: ${verdict} for ${way}`, async () => {
      const spy = vi.spyOn(console, 'warn').mockImplementation(() => {})
      onTestFinished(() => spy.mockRestore())
      for (const reply of replies.length === 0 ? [undefined] : replies) {
        const stage = await setStage()
        if (reply !== undefined) stage.slack.server.always(reply)
        await call(stage, way).catch(() => {})
        const { totals, failuresByType } = stage.registry.get('slack').status()
        const counted = (['success', 'failure', 'ignored'] as const).filter((name) => totals[name] > 0)
        expect(counted).toEqual([/^\w+/.exec(verdict)?.[0]])
        const types = Object.keys(failuresByType)
        if (type === 'the code') expect(types).toEqual([expect.stringMatching(/^[a-z_]+$/)])
        else if (type === 'the status') expect(types).toEqual([expect.stringMatching(/^\d{3}$/)])
        else if (type.startsWith('`')) expect(types).toEqual([type.replace(/`/g, '')])
        else expect(types).toEqual(type === '' ? [] : [expect.stringMatching(/^[A-Z_]+$/)])
        expect(spy.mock.calls.some(([line]) => String(line).includes('refuses calls'))).toBe(verdict.includes('told'))
      }
    })
  }
}

/** The guide's table. */
function readTable(): Row[] {
  const guide = readFileSync(new URL('../../../../docs/guides/slack.md', import.meta.url), 'utf8')
  const [, section = ''] = guide.split('## What counts as a failure')
  const lines = section.slice(0, section.indexOf('\n## ')).match(/^\|.*\|$/gm) ?? []
  return lines.slice(2).map((line) => {
    const [what = '', verdict = '', type = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    return { what, verdict, type }
  })
}

function send(stage: Stage, way: Way, client: { timeout?: number; fetch?: typeof fetch } = {}): Promise<unknown> {
  return sendTo(stage, way, 'it is down', client)
}

/** Makes a call on its way, through a breaker called `slack`. */
function sendTo(
  { slack, registry }: Stage,
  way: Way,
  text: string,
  client: { timeout?: number; fetch?: typeof fetch; signal?: AbortSignal } = {},
): Promise<unknown> {
  const { signal, ...clientOptions } = client
  if (way === 'a WebClient') {
    const guarded = guardWebClient(webClient(slack, clientOptions), { registry, name: 'slack' })
    return guarded.chat.postMessage({ channel: 'alerts', text })
  }
  const options = { registry, name: 'slack' }
  const notify =
    way === 'a webhook by its URL'
      ? slackNotifier<string>(slack.webhookUrl as never, options)
      : slackNotifier<string>(new IncomingWebhook(slack.webhookUrl, clientOptions) as never, options)
  return notify.send(text, { signal })
}

function callOnce(stage: Stage, way: Way): Promise<unknown> {
  return send(stage, way)
}

async function callForTooLong(stage: Stage, way: Way): Promise<void> {
  const call = rejection(send(stage, way))
  await stage.slack.server.received(1)
  stage.clock.advance(30_000)
  await call
}

function callWithTimeout(stage: Stage, way: Way): Promise<unknown> {
  return send(stage, way, { timeout: 1 })
}

function callThroughOpenBreaker(stage: Stage, way: Way): Promise<unknown> {
  const inner = new CircuitBreakerRegistry().get('inner')
  inner.trip({ reason: 'test' })
  return send(stage, way, { fetch: inner.wrap(fetch) })
}

async function callAndAbort(stage: Stage, way: Way): Promise<void> {
  const controller = new AbortController()
  const call = rejection(sendTo(stage, way, 'it is down', { signal: controller.signal }))
  await stage.slack.server.received(1)
  controller.abort(new Error('the user left'))
  await call
}

function callWithNonsense(stage: Stage, way: Way): Promise<unknown> {
  const circular: Record<string, unknown> = {}
  circular['itself'] = circular
  return sendTo(stage, way, circular as unknown as string)
}
