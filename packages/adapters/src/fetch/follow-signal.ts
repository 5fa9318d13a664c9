/** All that follow one signal, which may live as long as the process: it has one listener for them. */
class Followers {
  readonly #signal: AbortSignal
  readonly #controllers = new Set<AbortController>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(controller: AbortController): void {
    if (this.#controllers.size === 0) this.#signal.addEventListener('abort', this.#abort)
    this.#controllers.add(controller)
  }

  delete(controller: AbortController): void {
    this.#controllers.delete(controller)
    if (this.#controllers.size === 0) this.#signal.removeEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => {
    for (const controller of this.#controllers) controller.abort(this.#signal.reason)
  }
}

const followersOf = new WeakMap<AbortSignal, Followers>()

/**
 * Aborts the controller when the signal does, until the returned function is called. `AbortSignal.any` does the same, and in
 * Node 20 and 22 leaves something of each call on a signal that is never aborted.
 */
export function followSignal(signal: AbortSignal, controller: AbortController): () => void {
  let followers = followersOf.get(signal)
  if (followers === undefined) followersOf.set(signal, (followers = new Followers(signal)))
  followers.add(controller)
  return () => followers.delete(controller)
}
