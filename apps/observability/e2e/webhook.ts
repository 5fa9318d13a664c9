import { once } from 'node:events'
import { type IncomingMessage, type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly fingerprint: string
}

/** What a receiver was told about one alert. */
export interface Notification extends Alert {
  /** The path that it came to: who is told. */
  readonly receiver: string
}

/** The end of the line: what Alertmanager calls when somebody has to know. */
export class Webhook implements AsyncDisposable {
  readonly notifications: Notification[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request).then(() => response.end()))
  }

  static async start(): Promise<Webhook> {
    const webhook = new Webhook()
    await once(webhook.#server.listen(0, '127.0.0.1'), 'listening')
    return webhook
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  find(wanted: Partial<Notification> & { readonly alertname: string; readonly job: string }): Notification | undefined {
    const { alertname, job, ...rest } = wanted
    return this.notifications.find(
      (notification) =>
        notification.labels['alertname'] === alertname &&
        notification.labels['job'] === job &&
        Object.entries(rest).every(([key, value]) => notification[key as keyof Notification] === value),
    )
  }

  async #take(request: IncomingMessage): Promise<void> {
    const { alerts } = (await json(request)) as { alerts: Alert[] }
    const receiver = request.url?.slice(1) ?? ''
    this.notifications.push(...alerts.map((alert) => ({ ...alert, receiver })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
