import { OTHER } from './names.ts'

/** The breaker names that telemetry shows: the first ones up to a bound; all further ones share `_OTHER`. */
export class BoundedNames {
  readonly #limit: number
  readonly #names = new Set<string>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** A name stays once it was shown: the exporter goes on showing it as well. */
  shown(name: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size >= this.#limit) return OTHER
    this.#names.add(name)
    return name
  }
}

/** An error type or a trigger as it may be shown: what does not look like a name may be a message or a URL. */
export function shownWord(word: string): string {
  return /^[\w$.:-]{1,64}$/.test(word) ? word : OTHER
}
