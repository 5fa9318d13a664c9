import { createHash } from 'node:crypto'
import { crc32c } from './crc32c.ts'

/** What a client says of an object. Fields that mean nothing here are kept as they are. */
export interface ObjectMetadata {
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly [field: string]: unknown
}

/** An object as the service keeps it. Writing it again makes another one, of a later generation. */
export class StoredObject {
  readonly bucket: string
  readonly name: string
  readonly generation: string
  readonly crc32c: string
  readonly md5Hash: string
  content: Buffer
  metadata: ObjectMetadata
  #metageneration = 1

  constructor(bucket: string, name: string, content: Buffer, metadata: ObjectMetadata, generation: number) {
    this.bucket = bucket
    this.name = name
    this.content = content
    this.metadata = metadata
    this.generation = String(generation)
    this.crc32c = crc32c(content)
    this.md5Hash = createHash('md5').update(content).digest('base64')
  }

  /** The content changes, the checksums stay: what a bad disk does. */
  corrupt(): void {
    this.content = Buffer.from(this.content.map((byte) => byte ^ 0xff))
  }

  update(metadata: ObjectMetadata): void {
    this.metadata = { ...this.metadata, ...metadata }
    this.#metageneration++
  }

  /** The resource of the JSON API. */
  toResource(): ObjectMetadata {
    const { bucket, name, generation, md5Hash } = this
    return {
      kind: 'storage#object',
      contentType: 'application/octet-stream',
      ...this.metadata,
      bucket,
      name,
      generation,
      metageneration: String(this.#metageneration),
      size: String(this.content.length),
      crc32c: this.crc32c,
      md5Hash,
    }
  }

  /** The header fields of a download. */
  toHeaders(): Record<string, string> {
    const { contentType = 'application/octet-stream', contentEncoding } = this.metadata
    return {
      'content-type': contentType,
      ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
      'x-goog-generation': this.generation,
      'x-goog-hash': `crc32c=${this.crc32c},md5=${this.md5Hash}`,
      'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    }
  }
}
