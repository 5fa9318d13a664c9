import type { CircuitBreaker } from '@switchgear/core'
import { callMethod, type Start } from './call-method.ts'
import { guardStream } from './call-stream.ts'
import { standInForFile } from './guard-file.ts'
import { type GcsGuardOptions, resolveGuard } from './options.ts'
import { originalOf, remember } from './originals.ts'
import { seeWriteStream, seeWriteStreamOfNewFile } from './see-streams.ts'
import { type Replacement, standInFor } from './stand-in.ts'
import type { VendorReadStream } from './vendor-stream.ts'
import { watchReads } from './watch-reads.ts'

/** What a `Bucket` of `@google-cloud/storage` has, of any version and either build. */
export interface GuardableBucket {
  readonly name: string
  file(...args: never[]): object
  getFiles(...args: never[]): unknown
}

/**
 * The same bucket, with its operations going through a circuit breaker: `getFiles`, `getFilesStream`, `upload`, `exists`,
 * `delete`, `get`, `getMetadata`, and those of the files that `file()` gives; see {@link guardFile}. Everything else passes
 * through, and what an operation gives is the client's own: the files of a listing are not guarded.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or has a value that is not allowed
 */
export function guardBucket<B extends GuardableBucket>(
  bucket: B,
  breaker: CircuitBreaker,
  options: GcsGuardOptions = {},
): B {
  const settings = resolveGuard(breaker, options)
  const original = originalOf(bucket, breaker)
  const call: Replacement = (method, args) => callMethod(settings, args, 0, (_operation, given) => method(...given))
  const guarded: B = standInFor(original, {
    exists: call,
    delete: call,
    get: call,
    getMetadata: call,
    getFiles: call,
    upload(method, [path, uploadOptions, ...others]) {
      const destination = destinationIn(uploadOptions, breaker)
      const start: Start = (operation, given) =>
        destination === undefined
          ? seeWriteStreamOfNewFile(operation, original, () => method(...given))
          : seeWriteStream(operation, destination, () => method(...given))
      const args = [path, destination === undefined ? uploadOptions : { ...(uploadOptions as object), destination }]
      return callMethod(settings, [...args, ...others], 0, start)
    },
    getFilesStream: (method, args) => guardStream(settings, method(...args) as VendorReadStream, watchReads),
    file: (method, args): object => standInForFile(method(...args) as object, settings, guarded),
  })
  return remember(guarded, original, breaker)
}

/** The file that an upload goes to, without this guard: the upload is an operation already. */
function destinationIn(options: unknown, breaker: CircuitBreaker): object | undefined {
  const { destination } = (options ?? {}) as { destination?: unknown }
  return typeof destination === 'object' && destination !== null ? originalOf(destination, breaker) : undefined
}
