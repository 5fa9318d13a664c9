import { Readable } from 'node:stream'
import type { Reply } from '@switchgear/testkit'

/** Takes down what each request carries, before it replies. */
export function recordBodies(bodies: string[], reply: Reply): Reply {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      reply(request, response)
    })
  }
}

const form = new FormData()
form.append('cents', '5')

/** Bodies that a request can send again, and what of each reaches the server. */
export const replayableBodies: [what: string, body: NonNullable<RequestInit['body']>, sent: string][] = [
  ['a string', 'cents=5', 'cents=5'],
  ['URLSearchParams', new URLSearchParams({ cents: '5' }), 'cents=5'],
  ['a Blob', new Blob(['cents=5']), 'cents=5'],
  ['a FormData', form, 'name="cents"\r\n\r\n5'],
  ['bytes', new TextEncoder().encode('cents=5'), 'cents=5'],
  ['an ArrayBuffer', new TextEncoder().encode('cents=5').buffer, 'cents=5'],
]

async function* oneChunk(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('cents=5')
}

/** Bodies that can be read once, each made anew. */
export const oneShotBodies: [what: string, request: (url: string) => Parameters<typeof fetch>][] = [
  ['a stream', (url) => [url, { method: 'PUT', body: new Blob(['cents=5']).stream(), duplex: 'half' }]],
  ['an async iterable', (url) => [url, { method: 'PUT', body: oneChunk() as never, duplex: 'half' }]],
  ['a stream of Node', (url) => [url, { method: 'PUT', body: Readable.from(['cents=5']) as never, duplex: 'half' }]],
  ['the body of a Request', (url) => [new Request(url, { method: 'PUT', body: 'cents=5' })]],
  [
    'the body of a Request, and an init',
    (url) => [new Request(url, { method: 'PUT', body: 'cents=5' }), { redirect: 'error' }],
  ],
]
