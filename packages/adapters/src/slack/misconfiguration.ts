import type { SlackCallError } from './slack-call-error.ts'

/** Hears that Slack refuses calls until somebody changes something; see `onMisconfigured`. */
export type MisconfigurationListener = (error: SlackCallError) => unknown

// Codes are Slack's, and few. The bound is for what only looks like Slack.
const MOST_CODES = 100

/** Tells of each code once: it does not open a breaker, and nobody would hear of it otherwise. */
export class Misconfiguration {
  readonly #name: string
  readonly #listener: MisconfigurationListener | undefined
  readonly #reported = new Set<string>()

  constructor(name: string, listener: MisconfigurationListener | undefined) {
    this.#name = name
    this.#listener = listener
  }

  report(error: SlackCallError): void {
    if (this.#reported.has(error.reason) || this.#reported.size >= MOST_CODES) return
    this.#reported.add(error.reason)
    if (this.#listener === undefined) {
      warn(
        this.#name,
        `Slack refuses calls (${error.reason}) and will until somebody changes the app, its token or channel`,
      )
    } else {
      const listener = this.#listener
      callSafely(() => listener(error), this.#name, 'onMisconfigured')
    }
  }
}

/** Calls a function of the user's, which may throw or reject, and must not hurt a call. */
export function callSafely(call: () => unknown, name: string, what: string): void {
  const threw = (): void => warn(name, `${what} threw`)
  try {
    const result = call()
    if (result instanceof Promise) result.catch(threw)
  } catch {
    threw()
  }
}

export function warn(name: string, message: string): void {
  try {
    console.warn(`switchgear: ${JSON.stringify(name)}: ${message}`)
  } catch {
    // Nothing is left to tell it to.
  }
}
