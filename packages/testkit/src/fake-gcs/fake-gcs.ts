import type { IncomingMessage } from 'node:http'
import { FlakyServer } from '../flaky-server.ts'
import { answer, type Reply } from '../replies.ts'
import { gcsError, media, resource } from './gcs-replies.ts'
import { parseMetadata, readBody, readMultipart } from './request-body.ts'
import { type ObjectMetadata, StoredObject } from './stored-object.ts'
import { UploadSession } from './upload-session.ts'

/**
 * Cloud Storage on loopback, as much of it as the vendor's client speaks: the JSON API and both of its upload protocols. It
 * answers what reaches a {@link FlakyServer}, whose `next(…)` says what is done to requests instead; `reply` in that list
 * lets one through.
 */
export class FakeGcs implements AsyncDisposable {
  readonly server: FlakyServer
  /** How many requests a copy takes. */
  requestsPerCopy = 1
  /** How many objects a page of a listing has. */
  pageSize = 1_000
  /** What is uploaded is not what is kept. */
  corruptsUploads = false
  readonly #buckets: ReadonlyMap<string, Map<string, StoredObject>>
  readonly #sessions = new Map<string, UploadSession>()
  #generation = 0

  private constructor(server: FlakyServer, buckets: readonly string[]) {
    this.server = server
    this.#buckets = new Map(buckets.map((bucket) => [bucket, new Map()]))
    server.always(this.reply)
  }

  static async start(...buckets: string[]): Promise<FakeGcs> {
    return new FakeGcs(await FlakyServer.start(), buckets)
  }

  /** What the client takes as `apiEndpoint`. */
  get url(): string {
    return this.server.url
  }

  /** Puts an object there. */
  put(bucket: string, name: string, content: string | Uint8Array, metadata: ObjectMetadata = {}): StoredObject {
    const object = new StoredObject(bucket, name, Buffer.from(content), metadata, ++this.#generation)
    this.#objectsOf(bucket).set(name, object)
    return object
  }

  /** An object as it is now, if there is one. */
  get(bucket: string, name: string): StoredObject | undefined {
    return this.#objectsOf(bucket).get(name)
  }

  /** The service itself. */
  readonly reply: Reply = (request, response) => {
    const url = new URL(request.url ?? '', this.url)
    // /storage/v1/b/BUCKET/o/NAME…, in uploads after /upload; a name has its slashes encoded.
    const path = url.pathname
      .replace(/^\/upload/, '')
      .split('/')
      .slice(4)
      .map(decodeURIComponent)
    const [bucket = '', collection, name] = path
    if (!this.#buckets.has(bucket)) gcsError(404, 'notFound')(request, response)
    else if (url.searchParams.has('uploadType')) this.#upload(bucket, url, request, response)
    else if (collection === undefined) resource({ kind: 'storage#bucket', id: bucket, name: bucket })(request, response)
    else if (name === undefined) this.#list(bucket, url)(request, response)
    else this.#withObject(path, url, request, response)
  }

  /** As {@link reply}, for an upload whose connection is reset when so many bytes of it have come. A session keeps them. */
  resetUploadAfter(bytes: number): Reply {
    return (request) => {
      const session = this.#sessionOf(new URL(request.url ?? '', this.url))
      let left = bytes
      request.on('data', (chunk: Buffer) => {
        session?.append(chunk.subarray(0, left))
        left = Math.max(0, left - chunk.length)
        if (left === 0) request.socket.resetAndDestroy()
      })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }

  readonly #upload = (bucket: string, url: URL, ...exchange: Parameters<Reply>): void => {
    const [request] = exchange
    readBody(request, (body) => {
      const name = url.searchParams.get('name') ?? ''
      const contentType = request.headers['content-type'] ?? ''
      const unmet = this.#unmetPrecondition(this.get(bucket, name), url)
      if (unmet !== undefined) unmet(...exchange)
      else if (url.searchParams.get('uploadType') === 'multipart') {
        const { metadata, content } = readMultipart(contentType, body)
        this.#keep(bucket, name, content, metadata)(...exchange)
      } else if (url.searchParams.has('upload_id')) this.#continueSession(url, body, request)(...exchange)
      else this.#openSession(bucket, name, url, withContentType(parseMetadata(body), request))(...exchange)
    })
  }

  #openSession(bucket: string, name: string, url: URL, metadata: ObjectMetadata): Reply {
    const id = `session-${this.#sessions.size + 1}`
    this.#sessions.set(id, new UploadSession(bucket, name, metadata))
    const location = new URL(url)
    location.searchParams.set('upload_id', id)
    return answer({ headers: { location: location.href }, body: '' })
  }

  #continueSession(url: URL, body: Buffer, { headers }: IncomingMessage): Reply {
    const session = this.#sessionOf(url)
    if (session === undefined) return gcsError(404, 'notFound')
    session.append(body)
    const { bucket, name, content, metadata } = session
    if (session.isWhole(String(headers['content-range']))) return this.#keep(bucket, name, content, metadata)
    return answer({ status: 308, headers: session.toHeaders(), body: '' })
  }

  #sessionOf(url: URL): UploadSession | undefined {
    return this.#sessions.get(url.searchParams.get('upload_id') ?? '')
  }

  #keep(bucket: string, name: string, content: Buffer, metadata: ObjectMetadata): Reply {
    const kept = this.corruptsUploads ? content.map((byte) => byte ^ 0xff) : content
    return resource(this.put(bucket, name, kept, metadata).toResource())
  }

  #withObject(path: readonly string[], url: URL, ...exchange: Parameters<Reply>): void {
    const [request] = exchange
    const [bucket = '', , name = '', action] = path
    const object = this.get(bucket, name)
    const unmet = this.#unmetPrecondition(object, url)
    if (object === undefined) gcsError(404, 'notFound')(...exchange)
    else if (unmet !== undefined) unmet(...exchange)
    else if (action === 'rewriteTo') this.#copy(object, path, url)(...exchange)
    else if (request.method === 'DELETE') {
      this.#objectsOf(bucket).delete(name)
      answer({ status: 204, body: '' })(...exchange)
    } else if (request.method === 'PATCH') {
      readBody(request, (body) => {
        object.update(parseMetadata(body))
        resource(object.toResource())(...exchange)
      })
    } else if (url.searchParams.get('alt') === 'media') media(object, request.headers.range)(...exchange)
    else resource(object.toResource())(...exchange)
  }

  #copy({ content, metadata }: StoredObject, [, , , , , bucket = '', , name = '']: readonly string[], url: URL): Reply {
    const requests = Number(url.searchParams.get('rewriteToken') ?? 0) + 1
    const rewrite = { kind: 'storage#rewriteResponse', objectSize: String(content.length) }
    if (requests < this.requestsPerCopy) return resource({ ...rewrite, done: false, rewriteToken: String(requests) })
    return resource({ ...rewrite, done: true, resource: this.put(bucket, name, content, metadata).toResource() })
  }

  #list(bucket: string, { searchParams }: URL): Reply {
    const prefix = searchParams.get('prefix') ?? ''
    const names = [...this.#objectsOf(bucket).keys()].filter((name) => name.startsWith(prefix)).toSorted()
    const start = Number(searchParams.get('pageToken') ?? 0)
    const end = start + Number(searchParams.get('maxResults') ?? this.pageSize)
    return resource({
      kind: 'storage#objects',
      items: names.slice(start, end).map((name) => this.get(bucket, name)?.toResource()),
      ...(end < names.length && { nextPageToken: String(end) }),
    })
  }

  #unmetPrecondition(object: StoredObject | undefined, { searchParams }: URL): Reply | undefined {
    const expected = searchParams.get('ifGenerationMatch')
    return expected === null || expected === (object?.generation ?? '0') ? undefined : gcsError(412, 'conditionNotMet')
  }

  #objectsOf(bucket: string): Map<string, StoredObject> {
    const objects = this.#buckets.get(bucket)
    if (objects === undefined) throw new Error(`there is no bucket ${bucket}`)
    return objects
  }
}

/** A session is told the content's type in a header field of its own. */
function withContentType(metadata: ObjectMetadata, { headers }: IncomingMessage): ObjectMetadata {
  const contentType = headers['x-upload-content-type']
  return typeof contentType === 'string' ? { ...metadata, contentType } : metadata
}
