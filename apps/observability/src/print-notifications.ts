// Prints what Alertmanager would tell a pager or a ticket system: `node print-notifications.ts`. Uses Node alone.
import { type IncomingMessage, createServer } from 'node:http'
import { json } from 'node:stream/consumers'

interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly startsAt: string
  readonly annotations: Readonly<Record<string, string>>
}

const port = 8080

createServer((request, response) => void print(request).then(() => response.end())).listen(port)

async function print(request: IncomingMessage): Promise<void> {
  const receiver = request.url?.slice(1) ?? ''
  const { alerts } = (await json(request)) as { readonly alerts: readonly Alert[] }
  for (const { status, startsAt, annotations } of alerts) {
    const { summary, runbook_url: runbook, jaeger_url: jaeger, dashboard_url: dashboard } = annotations
    console.log(`${new Date().toISOString()} ${receiver}: ${status} ${summary} (since ${startsAt})`)
    if (status === 'firing') console.log(`  runbook    ${runbook}\n  dashboard  ${dashboard}\n  traces     ${jaeger}`)
  }
}
