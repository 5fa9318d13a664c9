import { LogLevel, WebClient } from '@slack/web-api'
import { guardWebClient } from '@switchgear/adapters/slack'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { apiAnswer } from '@switchgear/testkit/fake-slack'

/** Keeps what the client gave. */
class ObservedClient extends WebClient {
  lastResult: unknown

  override async apiCall(...call: Parameters<WebClient['apiCall']>): ReturnType<WebClient['apiCall']> {
    const result = await super.apiCall(...call)
    this.lastResult = result
    return result
  }
}

export const driver: ContractDriver = {
  name: 'guardWebClient',
  success: apiAnswer({ ok: true }),
  cannot: {
    abort: 'the methods of a WebClient take no signal',
    cancel: 'the methods of a WebClient take no signal, so that a request goes on',
  },
  connect({ server, registry, options }) {
    const client = new ObservedClient('xoxb-token', {
      slackApiUrl: server.url,
      retryConfig: { retries: 0 },
      logLevel: LogLevel.ERROR,
    })
    const guarded = guardWebClient(client, { ...options, registry })
    return {
      breaker: registry.get('slack-api'),
      call: () => guarded.chat.postMessage({ channel: 'alerts', text: 'it is down' }),
      get vendorResult() {
        return client.lastResult
      },
    }
  },
}
