/** Calls in a window, and how many of them are hits: failed or slow, as its owner decides. */
export interface CallCount {
  readonly calls: number
  readonly hits: number
}

/**
 * The calls that a rate is taken of. `calls` and `hits` hold as of the last `add`. All of its memory is allocated when it
 * is made.
 */
export interface CallWindow extends CallCount {
  /** Takes in a call that has ended at `now`, and lets go of those that the window has left behind. */
  add(isHit: boolean, now: number): void
  /** The counts at `now`. Changes nothing. */
  countAt(now: number): CallCount
  /** Forgets all calls. */
  clear(): void
  /** What it holds at `now`, as JSON. */
  save(now: number): unknown
  /** Takes in what `save` gave, `now` being the time at which it was saved; leaves alone what it does not understand. */
  load(saved: unknown, now: number): void
}
