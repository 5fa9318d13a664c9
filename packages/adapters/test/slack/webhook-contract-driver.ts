import { IncomingWebhook } from '@slack/webhook'
import { slackNotifier } from '@switchgear/adapters/slack'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { webhookAnswer } from '@switchgear/testkit/fake-slack'

export const driver: ContractDriver = {
  name: 'slackNotifier with an IncomingWebhook',
  success: webhookAnswer(200, 'ok'),
  cannot: { cancel: 'send(message) of an IncomingWebhook takes no signal, so that its request goes on' },
  connect({ server, registry, options }) {
    const webhook = new IncomingWebhook(server.url)
    let vendorResult: unknown
    const observed = { send: async (message: string) => (vendorResult = await webhook.send(message)) }
    const notify = slackNotifier(observed, { ...options, registry })
    return {
      breaker: notify.breaker,
      call: ({ signal } = {}) => notify.send('it is down', { signal }),
      get vendorResult() {
        return vendorResult
      },
    }
  },
}
