import type { WebClient } from '@slack/web-api'
import type { IncomingWebhook, IncomingWebhookSendArguments } from '@slack/webhook'
import { guardWebClient, slackIncidents, slackNotifier, type SlackNotifier } from '@switchgear/adapters/slack'
import type { WebClient as WebClient7 } from 'slack-web-api7'
import type { IncomingWebhook as IncomingWebhook7 } from 'slack-webhook7'
import { expectTypeOf, test } from 'vitest'

declare const webhook: IncomingWebhook
declare const webhook7: IncomingWebhook7
declare const client: WebClient
declare const client7: WebClient7

test('a guarded client has the type of the client, of both versions', () => {
  expectTypeOf(guardWebClient(client)).toEqualTypeOf<WebClient>()
  expectTypeOf(guardWebClient(client7)).toEqualTypeOf<WebClient7>()
})

test('a notifier takes what its webhook takes', () => {
  expectTypeOf(slackNotifier(webhook)).toEqualTypeOf<SlackNotifier<IncomingWebhookSendArguments>>()
  expectTypeOf(slackNotifier(webhook)).toBeCallableWith({ blocks: [], unfurl_links: false })
  expectTypeOf(slackNotifier(webhook7)).toBeCallableWith('text')
  expectTypeOf(slackNotifier('https://hooks.slack.com')).toEqualTypeOf<SlackNotifier>()
  // @ts-expect-error a number is no message
  void slackNotifier(webhook)(5)
})

test('a notifier gives a boolean, and can be disposed of', () => {
  expectTypeOf(slackNotifier(webhook)).returns.resolves.toBeBoolean()
  expectTypeOf(slackNotifier(webhook)).toExtend<AsyncDisposable>()
})

test('an object with a method send is a webhook', () => {
  const send = async (text: string): Promise<unknown> => client.chat.postMessage({ channel: 'alerts', text })
  expectTypeOf(slackNotifier({ send })).toBeCallableWith('text')
  // @ts-expect-error it takes text only
  void slackNotifier({ send })({ blocks: [] })
})

test('incidents can be told to a notifier, or to any function of a string', () => {
  expectTypeOf(slackIncidents).toBeCallableWith(slackNotifier(webhook))
  expectTypeOf(slackIncidents).toBeCallableWith(console.log)
})
