// Slack as examples call it: https://hooks.slack.com and https://slack.com/api are a fake on loopback, and the webhook and
// the token in the environment are right.
import { FakeSlack } from '@switchgear/testkit/fake-slack'

const slack = await FakeSlack.start()
slack.server.unref() // a snippet ends with its own work

const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  if (input instanceof Request) return fetch(input, init)
  const url = new URL(input)
  if (url.hostname === 'hooks.slack.com') return fetch(slack.webhookUrl, init)
  if (url.hostname === 'slack.com') return fetch(slack.apiUrl + url.pathname.replace('/api/', ''), init)
  return fetch(input, init)
}

process.env['SLACK_WEBHOOK_URL'] = 'https://hooks.slack.com/services/T00000000/B00000000/secret'
process.env['SLACK_BOT_TOKEN'] = slack.token
