/** What ends when a signal aborts; an `AbortController` is one. */
interface Abortable {
  abort(reason: unknown): void
}

/** All that follow one signal, which may live as long as the process: it has one listener for them. */
class Followers {
  readonly #signal: AbortSignal
  readonly #all = new Set<Abortable>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(follower: Abortable): void {
    if (this.#all.size === 0) this.#signal.addEventListener('abort', this.#abort)
    this.#all.add(follower)
  }

  delete(follower: Abortable): void {
    this.#all.delete(follower)
    if (this.#all.size === 0) this.#signal.removeEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => {
    for (const follower of this.#all) follower.abort(this.#signal.reason)
  }
}

const followersOf = new WeakMap<AbortSignal, Followers>()

/**
 * Aborts the follower when the signal does, until the returned function is called. `AbortSignal.any` leaves something of each
 * call on a signal that is never aborted, in Node 20 and 22; and eleven listeners on one signal make Node 20 print a warning.
 */
export function followSignal(signal: AbortSignal, follower: Abortable): () => void {
  let followers = followersOf.get(signal)
  if (followers === undefined) followersOf.set(signal, (followers = new Followers(signal)))
  followers.add(follower)
  return stopperOf(new WeakRef(followers), new WeakRef(follower))
}

/** It may be kept for long, and must not lead to the signal, nor to whoever listens to either. */
function stopperOf(followers: WeakRef<Followers>, follower: WeakRef<Abortable>): () => void {
  return () => {
    const stopped = follower.deref()
    if (stopped !== undefined) followers.deref()?.delete(stopped)
  }
}
