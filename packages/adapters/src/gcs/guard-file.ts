import type { CircuitBreaker } from '@switchgear/core'
import { callMethod, type Start } from './call-method.ts'
import { guardStream } from './call-stream.ts'
import type { GuardSettings } from './operation.ts'
import { type GcsGuardOptions, resolveGuard } from './options.ts'
import { originalOf, remember } from './originals.ts'
import { seeReadStream, seeWriteStream } from './see-streams.ts'
import { type Replacement, standInFor } from './stand-in.ts'
import type { VendorReadStream, VendorWriteStream } from './vendor-stream.ts'
import { watchReads } from './watch-reads.ts'
import { watchWrites } from './watch-writes.ts'

/** What a `File` of `@google-cloud/storage` has, of any version and either build. */
export interface GuardableFile {
  readonly name: string
  readonly bucket: object
  download(...args: never[]): unknown
  save(...args: never[]): unknown
}

/**
 * The same file, with its operations going through a circuit breaker: `save`, `download`, `exists`, `delete`, `get`,
 * `getMetadata`, `copy`, and the streams of `createReadStream` and `createWriteStream`. One call is one call of the breaker,
 * whatever the client does inside it. Everything else passes through. A file that the same breaker guards already is
 * guarded anew, with these options alone.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function guardFile<F extends GuardableFile>(file: F, breaker: CircuitBreaker, options: GcsGuardOptions = {}): F {
  return standInForFile(originalOf(file, breaker), resolveGuard(breaker, options), file.bucket)
}

/** @param bucket what its property `bucket` is */
export function standInForFile<F extends object>(file: F, settings: GuardSettings, bucket: object): F {
  const call: Replacement = (method, args) => callMethod(settings, args, 0, (_operation, given) => method(...given))
  const replacements: Record<string, Replacement> = {
    exists: call,
    delete: call,
    get: call,
    getMetadata: call,
    copy: call,
    download(method, args) {
      const start: Start = (operation, given) => seeReadStream(operation, file, () => method(...given))
      return callMethod(settings, args, 0, start)
    },
    save(method, args) {
      const start: Start = (operation, given) => seeWriteStream(operation, file, () => method(...given))
      // The first argument is what to save, which may be a function.
      return callMethod(settings, args, 1, start)
    },
    createReadStream: (method, args) => guardStream(settings, method(...args) as VendorReadStream, watchReads),
    createWriteStream(method, args) {
      const { uri } = (args[0] ?? {}) as { uri?: unknown }
      return guardStream(settings, method(...args) as VendorWriteStream, (stream, observer) =>
        watchWrites(stream, observer, uri !== undefined),
      )
    },
  }
  const neighbours = new Map([[(file as { bucket?: unknown }).bucket, bucket]])
  return remember(standInFor(file, replacements, neighbours), file, settings.breaker)
}
