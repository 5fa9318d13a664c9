import { LogLevel, WebClient } from '@slack/web-api'
import { IncomingWebhook } from '@slack/webhook'
import { breakerFetch } from '@switchgear/adapters/fetch'
import { slackNotifier } from '@switchgear/adapters/slack'
import { isCircuitOpenError } from '@switchgear/core'
import { errorPage } from '@switchgear/testkit/fake-slack'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { setStage } from './stage.ts'

test('an IncomingWebhook takes breakerFetch for its fetch', async () => {
  const { slack, registry } = await setStage()
  const webhook = new IncomingWebhook(slack.webhookUrl, { fetch: breakerFetch({ registry }) })
  expect(await webhook.send('one')).toEqual({ text: 'ok' })
  slack.server.always(errorPage())
  for (let i = 0; i < 5; i++) expect(await rejection(webhook.send('two'))).toMatchObject({ statusCode: 503 })
  expect(await rejection(webhook.send('three'))).toSatisfy(isCircuitOpenError)
  expect(slack.server.requests).toHaveLength(6)
})

test('a WebClient takes breakerFetch for its fetch', async () => {
  const { slack, registry } = await setStage()
  const client = new WebClient(slack.token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: LogLevel.ERROR,
    fetch: breakerFetch({ registry }),
  })
  const file = { content: 'a', filename: 'a.txt', channel_id: 'C1' }
  expect(await client.filesUploadV2(file)).toMatchObject({ ok: true })
  expect(slack.files.get('F0')).toEqual(Buffer.from('a'))
  slack.server.always(errorPage())
  for (let i = 0; i < 5; i++) await rejection(client.chat.postMessage({ channel: 'alerts', text: 'two' }))
  const sent = slack.server.requests.length
  expect(await rejection(client.api.test())).toSatisfy(isCircuitOpenError)
  expect(slack.server.requests).toHaveLength(sent)
})

test('a notifier around a webhook with a breaker of its own says that it is open', async () => {
  const { slack, registry } = await setStage()
  const webhook = new IncomingWebhook(slack.webhookUrl, { fetch: breakerFetch({ registry }) })
  const notify = slackNotifier(webhook, { registry, onDrop: () => {} })
  registry.keyed('fetch').for(slack.server.url).trip({ reason: 'test' })
  expect(await notify('it is down')).toBe(false)
  expect(notify.status().dropped.open).toBe(1)
  expect(notify.breaker.status().totals).toMatchObject({ failure: 0, ignored: 1 })
})
