// The payments service that examples call: https://payments.example is a server on loopback that says `{ paid: true }`.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((_request, response) => {
  response.writeHead(200, { connection: 'close', 'content-type': 'application/json' }).end('{"paid":true}')
})
server.listen(0, '127.0.0.1').unref() // a snippet ends with its own work
await once(server, 'listening')

const loopback = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  if (input instanceof Request) return fetch(input, init)
  return fetch(String(input).replace('https://payments.example', loopback), init)
}
