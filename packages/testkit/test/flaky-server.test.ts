import { connect } from 'node:net'
import { once } from 'node:events'
import {
  answer,
  cutBody,
  FlakyServer,
  HeldReply,
  neverAnswer,
  OpenBody,
  resetBeforeHeaders,
  speakNonsense,
} from '@switchgear/testkit'
import { expect, onTestFinished, test } from 'vitest'

async function start(): Promise<FlakyServer> {
  const server = await FlakyServer.start()
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

/** The code of the network error that a fetch rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason as { cause?: { code?: unknown; name: string } },
  )
  return error?.cause?.code ?? error?.cause?.name
}

test('answers each request as it was told, then as always', async () => {
  const server = await start()
  server.always(answer({ status: 404, body: 'no' }))
  server.next(answer(), answer({ status: 201, headers: { 'x-a': '1' }, body: ['in ', 'chunks'] }))
  const responses = [await fetch(server.url), await fetch(server.url), await fetch(server.url)]
  expect(responses.map(({ status }) => status)).toEqual([200, 201, 404])
  expect(responses[1]?.headers.get('x-a')).toBe('1')
  expect(responses[1]?.headers.has('content-length')).toBe(false)
  expect(await Promise.all(responses.map((response) => response.text()))).toEqual(['ok', 'in chunks', 'no'])
})

test('tells what has reached it', async () => {
  const server = await start()
  await (await fetch(`${server.url}/a?b=1`, { method: 'PUT', headers: { 'x-a': '1' }, body: 'x' })).text()
  await (await fetch(server.url)).text()
  expect(server.requests).toMatchObject([
    { method: 'PUT', path: '/a?b=1', headers: { 'x-a': '1' } },
    { method: 'GET', path: '/' },
  ])
  expect(server.connections).toBe(2)
})

test('breaks requests in each way', async () => {
  const server = await start()
  server.next(resetBeforeHeaders(), speakNonsense(), cutBody())
  expect(await codeOf(fetch(server.url))).toBe('ECONNRESET')
  expect(await codeOf(fetch(server.url))).toBe('HTTPParserError')
  const response = await fetch(server.url)
  expect(response.status).toBe(200)
  expect(await codeOf(response.text())).toMatch(/^UND_ERR_/)
})

test('holds requests until they are released', async () => {
  const server = await start()
  const held = new HeldReply(answer({ body: 'at last' }))
  server.always(held.reply)
  const calls = [fetch(server.url), fetch(server.url)]
  await server.received(2)
  held.release()
  const responses = await Promise.all([...calls, fetch(server.url)])
  expect(await Promise.all(responses.map((response) => response.text()))).toEqual(['at last', 'at last', 'at last'])
})

test('sends a body as the test says it, and resets it', async () => {
  const server = await start()
  const bodies = [new OpenBody(), new OpenBody({ status: 206 })] as const
  server.next(...bodies.map(({ reply }) => reply))
  const [whole, broken] = [await fetch(server.url), await fetch(server.url)]
  bodies[0].write('a')
  bodies[0].write('b')
  bodies[0].end()
  expect(await whole.text()).toBe('ab')
  bodies[1].reset()
  expect(await codeOf(broken.text())).toMatch(/^(?:ECONNRESET|HTTPParserError)$/)
})

test('knows when no socket is open any more on which a request came', async () => {
  const server = await start()
  server.always(neverAnswer())
  const port = Number(new URL(server.url).port)
  const spare = connect(port, '127.0.0.1')
  await once(spare, 'connect')
  const busy = connect(port, '127.0.0.1')
  busy.write('GET / HTTP/1.1\r\nhost: service.test\r\n\r\n')
  await server.received(1)
  expect(server.openSockets).toBe(2)
  busy.destroy()
  await server.drained()
  expect(server.openSockets).toBe(1)
  spare.destroy()
})

test('closes whatever is open', async () => {
  const server = await FlakyServer.start()
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  await server[Symbol.asyncDispose]()
  if (!socket.closed) await once(socket, 'close')
  expect(await codeOf(fetch(server.url))).toBe('ECONNREFUSED')
})
