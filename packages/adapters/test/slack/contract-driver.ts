import { slackNotifier } from '@switchgear/adapters/slack'
import { answer } from '@switchgear/testkit'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { webhookAnswer } from '@switchgear/testkit/fake-slack'

export const driver: ContractDriver = {
  name: 'slackNotifier with a URL',
  success: webhookAnswer(200, 'ok'),
  failure: answer({ status: 503, body: '' }),
  cannot: { result: 'there is no client that makes one' },
  connect({ server, registry, options }) {
    const notify = slackNotifier(server.url, { ...options, registry })
    return {
      breaker: notify.breaker,
      call: ({ signal } = {}) => notify.send('it is down', { signal }),
      vendorResult: undefined,
    }
  },
}
