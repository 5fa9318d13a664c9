import { once } from 'node:events'
import { createServer, constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { breakerInterceptor } from '@switchgear/adapters/undici'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { versions } from './guard.ts'

describe.each(versions)('%s', (_name, { H2CClient }) => {
  test.each<[what: string, code: number]>([
    ['takes the request back', constants.NGHTTP2_NO_ERROR],
    ['cancels it', constants.NGHTTP2_CANCEL],
    ['refuses it', constants.NGHTTP2_REFUSED_STREAM],
    ['breaks', constants.NGHTTP2_INTERNAL_ERROR],
  ])('a server that %s by HTTP/2 and gives no answer has failed', async (_what, code) => {
    const origin = await serve((stream) => stream.close(code))
    const registry = new CircuitBreakerRegistry()
    const client = new H2CClient(origin)
    onTestFinished(() => client.destroy())
    const dispatcher = client.compose(breakerInterceptor({ registry, origin }))
    await rejection(dispatcher.request({ path: '/', method: 'GET' }))
    expect(verdicts(registry.keyed('undici').for(origin))).toEqual({ success: 0, failure: 1, ignored: 0, active: 0 })
  })
})

async function serve(reply: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createServer()
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => void sessions.add(session))
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    reply(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
