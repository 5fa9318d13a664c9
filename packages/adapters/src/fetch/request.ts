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
  const copy: Record<string, unknown> = init === undefined ? { referrer, referrerPolicy } : {}
  // All that fetch would read: a Request given as init has it on its prototype.
  for (const name in init) copy[name] = init[name as keyof RequestInit]
  return [input, { ...copy, signal }]
}
