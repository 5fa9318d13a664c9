// Services on loopback that examples call by undici: https://orders.example says `{ open: 2 }`, https://rates.example
// `{ usd: 1.1 }`, which is fresh for a minute, and https://down.example 503 for ever.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'

const answers = new Map([
  ['orders.example', { status: 200, body: '{"open":2}' }],
  ['rates.example', { status: 200, body: '{"usd":1.1}' }],
  ['down.example', { status: 503, body: '' }],
])

const server = createServer((request, response) => {
  const host = request.url?.split('/')[1] ?? ''
  const { status, body } = answers.get(host) ?? { status: 404, body: '' }
  response.writeHead(status, {
    connection: 'close',
    'content-type': 'application/json',
    ...(host === 'rates.example' && { 'cache-control': 'max-age=60, stale-if-error=86400' }),
  })
  response.end(body)
})
server.listen(0, '127.0.0.1').unref() // a snippet ends with its own work
await once(server, 'listening')

const loopback = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const dispatch = Reflect.get<Agent, 'dispatch'>(Agent.prototype, 'dispatch')
Agent.prototype.dispatch = function (options, handler) {
  const { hostname } = new URL(options.origin ?? '')
  if (!hostname.endsWith('.example')) return dispatch.call(this, options, handler)
  return dispatch.call(this, { ...options, origin: loopback, path: `/${hostname}${options.path}` }, handler)
}
