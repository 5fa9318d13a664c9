import type { IncomingMessage } from 'node:http'
import type { ObjectMetadata } from './stored-object.ts'

/** Gives what a request carries, once it has come whole; a request that breaks off gives nothing. */
export function readBody(request: IncomingMessage, callback: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => callback(Buffer.concat(chunks)))
}

export function parseMetadata(json: Buffer | string): ObjectMetadata {
  return json.length === 0 ? {} : (JSON.parse(String(json)) as ObjectMetadata)
}

/** The two parts of a `multipart/related` upload: what is said of the object, and its content. */
export function readMultipart(contentType: string, body: Buffer): { metadata: ObjectMetadata; content: Buffer } {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1] ?? ''
  const [json, content] = [0, 1].map((number) => partOf(body, Buffer.from(`--${boundary}`), number))
  return { metadata: parseMetadata(json ?? ''), content: content ?? Buffer.alloc(0) }
}

function partOf(body: Buffer, delimiter: Buffer, number: number): Buffer {
  let start = body.indexOf(delimiter)
  for (let i = 0; i < number; i++) start = body.indexOf(delimiter, start + delimiter.length)
  const head = body.indexOf('\r\n\r\n', start) + 4
  return body.subarray(head, body.indexOf(delimiter, head) - 2)
}
