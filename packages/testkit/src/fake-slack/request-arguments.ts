import type { IncomingMessage } from 'node:http'

/** The arguments of a call, as the client has sent them: in a form, as a form with files, or as JSON. */
export async function readArguments(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await readBody(request)
  const type = request.headers['content-type'] ?? ''
  if (type.startsWith('application/json')) return parseObject(body.toString())
  const headers = { 'content-type': type }
  const form = await new Response(new Uint8Array(body), { headers }).formData()
  const fields = [...form].map(async ([name, value]): Promise<[string, unknown]> => {
    return [name, typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer())]
  })
  return Object.fromEntries(await Promise.all(fields))
}

/** The server has the request flow already. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks)))
  })
}

/** @throws {SyntaxError} for what is no JSON object */
function parseObject(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json)
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new SyntaxError('no object')
}
