import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ControlMessage, ServiceMessage } from './messages.ts'
import type { Condition } from './scenario.ts'
import { type ServiceName, serviceNames } from './settings.ts'
import { DemoError } from './demo-error.ts'

export interface FleetOptions {
  /** The address that the services serve their metrics at. */
  readonly metricsHost: string
  readonly onMessage: (service: ServiceName, message: ServiceMessage) => void
  /** A line that a service printed: it should not have. */
  readonly onPrinted: (service: ServiceName, line: string) => void
  /** A service has ended without being asked to. */
  readonly onLost: (error: Error) => void
}

interface RunningService {
  readonly name: ServiceName
  readonly child: ChildProcess
  readonly url: string
  readonly metricsUrl: string
}

type Ready = Extract<ServiceMessage, { type: 'ready' }>

const programs: Readonly<Record<ServiceName, URL>> = {
  storefront: new URL('services/storefront.ts', import.meta.url),
  orders: new URL('services/orders.ts', import.meta.url),
  payments: new URL('services/payments.ts', import.meta.url),
}
const telemetryProgram = new URL('telemetry/register.ts', import.meta.url)

const startMs = 20_000
const stopMs = 4_000

/** The processes of the services. They end with this one, whatever happens to it. */
export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions
  readonly #children: ChildProcess[] = []
  readonly #services = new Map<ServiceName, RunningService>()
  #stopping = false

  private constructor(options: FleetOptions) {
    this.#options = options
  }

  /**
   * Starts the services, each with the address of the one it calls.
   *
   * @throws {DemoError} when a port is taken
   */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    try {
      for (const name of serviceNames) await fleet.#start(name)
      return fleet
    } catch (error) {
      await fleet[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where a service is called. */
  url(name: ServiceName): string {
    return this.#running(name).url
  }

  /** Where Prometheus finds a service. */
  metricsUrl(name: ServiceName): string {
    return this.#running(name).metricsUrl
  }

  setPayments(condition: Condition): void {
    tell(this.#running('payments').child, { type: 'condition', condition })
  }

  /** Ends the services, once they have delivered what they know. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#children.map(stop))
  }

  async #start(name: ServiceName): Promise<void> {
    const child = fork(programs[name], {
      execArgv: [...process.execArgv, '--import', telemetryProgram.href],
      env: { ...process.env, ...this.#addresses(), OTEL_SERVICE_NAME: name },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#children.push(child)
    for (const input of [child.stdout, child.stderr]) {
      if (input) createInterface({ input }).on('line', (line) => this.#options.onPrinted(name, line))
    }
    const { port, metricsPort } = await this.#ready(name, child)
    const { metricsHost } = this.#options
    // All addresses are this machine's too.
    const host = metricsHost === '0.0.0.0' ? '127.0.0.1' : metricsHost
    const metricsUrl = `http://${host}:${metricsPort}/metrics`
    this.#services.set(name, { name, child, url: `http://127.0.0.1:${port}`, metricsUrl })
  }

  async #ready(name: ServiceName, child: ChildProcess): Promise<Ready> {
    const { promise, resolve, reject } = Promise.withResolvers<Ready>()
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new DemoError(`${name} was not ready within ${startMs / 1000} s`))
    }, startMs)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      const error = new DemoError(`The process of ${name} has ended by itself (${signal ?? `exit code ${code}`}).`)
      reject(error)
      if (!this.#stopping && this.#services.has(name)) this.#options.onLost(error)
    })
    child.on('message', (message: ServiceMessage) => {
      if (message.type === 'ready') resolve(message)
      else if (message.type === 'failed') reject(new DemoError(message.message))
      else this.#options.onMessage(name, message)
    })
    return promise.finally(() => clearTimeout(timer))
  }

  /** `PAYMENTS_URL` and the like. */
  #addresses(): Record<string, string> {
    return Object.fromEntries([...this.#services.values()].map(({ name, url }) => [`${name.toUpperCase()}_URL`, url]))
  }

  #running(name: ServiceName): RunningService {
    const service = this.#services.get(name)
    if (service === undefined) throw new Error(`${name} is not running`)
    return service
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const hasEnded = child.exitCode !== null || child.signalCode !== null
  if (child.pid === undefined || hasEnded) return
  // Its last messages may arrive after its exit, but not after the channel has closed.
  const ended = Promise.all([once(child, 'exit'), child.connected && once(child, 'disconnect')])
  const timer = setTimeout(() => child.kill('SIGKILL'), stopMs)
  tell(child, { type: 'stop' })
  await ended
  clearTimeout(timer)
}

function tell(child: ChildProcess, message: ControlMessage): void {
  // With a callback, a channel that closes meanwhile is not an uncaught error.
  if (child.connected) child.send(message, () => {})
}
