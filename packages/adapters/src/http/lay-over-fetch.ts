import type { FetchParameters } from './fetch-request.ts'

type Fetch = typeof globalThis.fetch

/** What has been the global fetch: if another one is now, that may be laid over it, and call it. */
const formerGlobals = new WeakSet<Fetch>()

/**
 * Makes a function that can stand wherever `fetch` does, in the place of the global one too. `handle` is told with what to
 * send: with `own`, or with what the global `fetch` is at that time, so that what patches it later is used too.
 */
export function layOverFetch(
  own: Fetch | undefined,
  handle: (fetch: Fetch, request: FetchParameters) => Promise<Response>,
): Fetch {
  const platformFetch = globalThis.fetch
  if (platformFetch !== undefined) formerGlobals.add(platformFetch)
  const look = (): void => {
    if (globalThis.fetch === layer) formerGlobals.add(layer)
  }
  let patched: unknown
  // Where `layer` took the place of the global fetch, what was there before.
  const currentFetch: Fetch = (...request) => {
    look()
    if (formerGlobals.has(layer)) return platformFetch(...request)
    const before = patched
    patched = request[0]
    try {
      return globalThis.fetch(...request)
    } finally {
      patched = before
    }
  }
  const layer = async (...request: FetchParameters): Promise<Response> => {
    // What was laid over this function too soon to be seen calls it back with a request that it has sent already.
    if (patched !== undefined && patched === request[0]) return platformFetch(...request)
    return handle(own ?? currentFetch, request)
  }
  // Its maker has put it where it belongs by then.
  queueMicrotask(look)
  return Object.defineProperties(layer, { name: { value: 'fetch' }, length: { value: 1 } })
}
