import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context } from '@opentelemetry/api'
import { RPCType, getRPCMetadata } from '@opentelemetry/core'
import { type CircuitBreakerStatus, getDefaultRegistry } from '@switchgear/core'
import type { ControlMessage } from '../messages.ts'
import { type ServiceName, type ServicePorts, portVariable, readSettings } from '../settings.ts'
import { telemetry } from '../telemetry/register.ts'
import { sendToDemo } from './send-to-demo.ts'

export interface Reply {
  readonly status: number
  readonly body: unknown
}

/** Answers a request; undefined when there is no answer and never will be. */
export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<Reply | undefined>

const reportMs = 200
// Longer than a connection is idle: none is closed under a request that is on its way.
const keepAliveMs = 60_000

/** Runs a service: its routes, such as `POST /orders`, its metrics, and what it tells the demo. */
export async function serve(name: ServiceName, routes: Readonly<Record<string, Route>>): Promise<void> {
  const { ports, metricsHost } = readSettings(process.env)
  const server = createServer({ keepAliveTimeout: keepAliveMs }, answer(routes))
  const metricsServer = createServer(answerScrapes)
  const reporting = reportBreakers()
  const stop = onceOnly(async () => {
    reporting[Symbol.dispose]()
    for (const each of [server, metricsServer]) {
      each.close()
      each.closeAllConnections()
    }
    await telemetry.shutdown()
    if (process.connected) process.disconnect()
  })
  process.on('message', (message: ControlMessage) => message.type === 'stop' && void stop())
  // The demo has let go of this process, or is gone itself. Traces that reach nobody would keep it alive for long.
  process.on('disconnect', () => void stop().then(() => process.exit()))
  // Ctrl-C reaches all processes of a terminal. The demo decides when this one ends, after the last numbers are in.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  try {
    await listen(server, name, 'http', ports[name].http, '127.0.0.1')
    await listen(metricsServer, name, 'metrics', ports[name].metrics, metricsHost)
    sendToDemo({ type: 'ready', port: portOf(server), metricsPort: portOf(metricsServer) })
  } catch (error) {
    sendToDemo({ type: 'failed', message: (error as Error).message })
    await stop()
  }
}

function answer(routes: Readonly<Record<string, Route>>): RequestListener {
  return (request, response) => {
    const route = routes[`${request.method} ${request.url}`]
    if (route === undefined) {
      response.writeHead(404).end()
      return
    }
    const rpc = getRPCMetadata(context.active())
    if (rpc?.type === RPCType.HTTP && request.url !== undefined) rpc.route = request.url
    request.resume()
    void respond(route, request, response)
  }
}

async function respond(route: Route, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // What telemetry sees of a caller that leaves before there is an answer; 499 is nginx's word for it.
  response.statusCode = 499
  try {
    const reply = await route(request, response)
    if (reply === undefined) return
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  } catch (error) {
    sendToDemo({ type: 'warning', message: `${request.method} ${request.url}: ${String(error)}` })
    response.writeHead(500).end()
  }
}

const answerScrapes: RequestListener = (request, response) => {
  if (request.url === '/metrics') telemetry.metrics.getMetricsRequestHandler(request, response)
  else response.writeHead(404).end()
}

function listen(
  server: Server,
  name: ServiceName,
  kind: keyof ServicePorts,
  port: number,
  host: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message
      const variable = portVariable(name, kind)
      const what = kind === 'metrics' ? `the metrics of ${name}` : name
      reject(
        new Error(`No port ${port} for ${what}: ${reason}. Set ${variable} to another port, or to 0 for a free one.`),
      )
    })
    server.listen(port, host, resolve)
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Tells the demo of every transition at once, and of everything else that can be read now and then. */
function reportBreakers(): Disposable {
  const registry = getDefaultRegistry()
  const subscription = registry.on('transition', ({ breaker, from, to, trigger, at }) => {
    sendToDemo({ type: 'transition', transition: { breaker, from, to, trigger, at } })
  })
  const timer = setInterval(() => sendToDemo({ type: 'breakers', breakers: readBreakers() }), reportMs)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      subscription[Symbol.dispose]()
    },
  }
}

/** `breakerFetch` keeps a family of breakers: one for each key, which is its name here. */
function readBreakers(): Record<string, CircuitBreakerStatus> {
  return Object.assign({}, ...[...getDefaultRegistry().families()].map((family) => family.status()))
}

function onceOnly(fn: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined
  return () => (result ??= fn())
}
