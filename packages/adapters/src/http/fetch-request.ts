/** What `fetch` is called with. */
export type FetchParameters = Parameters<typeof globalThis.fetch>

/**
 * The URL of a request, or undefined when there is none in it: fetch itself then says what is wrong. A `Request` is known by
 * its property `url`, as those of Node and of the package undici are of different classes.
 */
export function urlOf([input]: FetchParameters): URL | undefined {
  try {
    const { url, href } = input as { url?: string; href?: string }
    const { location } = globalThis as { location?: { href: string } }
    return new URL(url ?? href ?? (input as string), location?.href)
  } catch {
    return undefined
  }
}

/** What a request is made with; a `Request` has all that an init has. */
export function initOf([input, init]: FetchParameters): RequestInit | undefined {
  if (init !== undefined || typeof input !== 'object' || !('url' in input)) return init
  return input
}

/** The caller's signal. An init that has one, and be it null, takes the place of the one of a `Request`. */
export function signalOf([input, init]: FetchParameters): AbortSignal | null | undefined {
  const signal = init?.signal
  return signal === undefined ? (input as { signal?: AbortSignal } | undefined)?.signal : signal
}

/** The same request with another signal. */
export function withSignal([input, init]: FetchParameters, signal: AbortSignal): FetchParameters {
  // An init of any kind takes these two away from a Request (Fetch Standard, 5.4).
  const { referrer, referrerPolicy } = input as Partial<Request>
  return [input, { ...(init === undefined ? { referrer, referrerPolicy } : copyInit(init)), signal } as RequestInit]
}

/** All that fetch would read of an init, and options of adapters: a Request given as one has it on its prototype. */
export function copyInit<Init extends object>(init: Init): Init {
  const copy: Partial<Init> = {}
  for (const name in init) copy[name] = init[name]
  // That loop leaves out symbols.
  for (const symbol of Object.getOwnPropertySymbols(init)) copy[symbol as keyof Init] = init[symbol as keyof Init]
  return copy as Init
}

/** In capitals, as fetch has the well-known ones. */
export function methodOf([input, init]: FetchParameters): string {
  return (init?.method ?? (input as { method?: string }).method ?? 'GET').toUpperCase()
}

/**
 * Whether a request can be sent again as it is: it has no body, or one that is read anew each time. A stream can be read
 * once, and the body of a `Request` is one; to keep a copy would be to hold all of it in memory.
 */
export function isReplayable(request: FetchParameters): boolean {
  const [input, init] = request
  if (init?.body !== undefined && init.body !== null) return isValue(init.body)
  // Some platforms do not say whether a Request has a body; one of these methods has none.
  const { body } = input as { body?: unknown }
  return typeof input === 'string' || !('method' in input) || body === null || /^(GET|HEAD)$/.test(methodOf(request))
}

const values = /^\[object (?:String|URLSearchParams|Blob|File|FormData|(?:Shared)?ArrayBuffer)\]$/

/** By its tag, as one of another realm or package is of another class. */
function isValue(body: unknown): boolean {
  return ArrayBuffer.isView(body) || values.test(Object.prototype.toString.call(body))
}
