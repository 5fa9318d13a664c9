// Services on loopback that examples call: https://search.example says 429 once, https://orders.example 503 once, and
// https://down.example 503 for ever. The first two then say `{ hits: 3 }` and `{ open: 2 }`.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const answers = new Map([
  ['search.example', { first: 429, then: 200, body: '{"hits":3}' }],
  ['orders.example', { first: 503, then: 200, body: '{"open":2}' }],
  ['down.example', { first: 503, then: 503, body: '' }],
])
const asked = new Set<string>()

const server = createServer((request, response) => {
  const host = request.url?.split('/')[1] ?? ''
  const { first, then, body } = answers.get(host) ?? { first: 404, then: 404, body: '' }
  const isFirst = !asked.has(host)
  asked.add(host)
  const headers = { connection: 'close', 'content-type': 'application/json', ...(isFirst && { 'retry-after': '0' }) }
  response.writeHead(isFirst ? first : then, headers).end(isFirst ? '' : body)
})
server.listen(0, '127.0.0.1').unref() // a snippet ends with its own work
await once(server, 'listening')

const loopback = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const { fetch } = globalThis
const onLoopback = (url: string): string => url.replace(/^https:\/\/(?=[a-z]+\.example)/, `${loopback}/`)
globalThis.fetch = (input, init) => {
  if (input instanceof Request) return fetch(new Request(onLoopback(input.url), input), init)
  return fetch(onLoopback(String(input)), init)
}
/** For clients that do not use fetch. */
process.env['ORDERS_URL'] = onLoopback('https://orders.example')
