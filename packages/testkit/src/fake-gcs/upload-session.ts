import type { ObjectMetadata } from './stored-object.ts'

/** A resumable upload: what has come of it so far. */
export class UploadSession {
  readonly bucket: string
  readonly name: string
  readonly metadata: ObjectMetadata
  #content: Buffer = Buffer.alloc(0)

  constructor(bucket: string, name: string, metadata: ObjectMetadata) {
    this.bucket = bucket
    this.name = name
    this.metadata = metadata
  }

  get content(): Buffer {
    return this.#content
  }

  append(part: Uint8Array): void {
    this.#content = Buffer.concat([this.#content, part])
  }

  /** Whether the `Content-Range` of what came last says that nothing more comes. */
  isWhole(contentRange: string): boolean {
    const [, range = '*', total = '*'] = /^bytes ([^/]*)\/(.*)$/.exec(contentRange) ?? []
    if (total !== '*') return this.#content.length === Number(total)
    return range.endsWith('-*')
  }

  /** The header field that says how much is here; none before the first byte. */
  toHeaders(): Record<string, string> {
    return this.#content.length === 0 ? {} : { range: `bytes=0-${this.#content.length - 1}` }
  }
}
