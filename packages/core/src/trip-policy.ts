/** What a trip policy reads: the number it compares, and with what. */
export interface TripReading {
  /** `consecutive_failures`, `failure_rate`, `slow_call_rate`, or the name of a policy of your own. */
  readonly policy: string
  /** The value that trips. */
  readonly threshold: number
  /** The value now; absent while there are fewer than `minimumCalls`. */
  readonly value?: number
  /** Calls in the window, for policies that have one. */
  readonly calls?: number
  readonly minimumCalls?: number
}

/** The counting of one breaker under one policy. Everything it needs is allocated when it is created. */
export interface TripTracker {
  /**
   * Counts a call's end; says the name of the policy that trips, or undefined. `durationMs` and `now` are 0 for a
   * success when the policy is not `timed`.
   */
  record(verdict: 'success' | 'failure', durationMs: number, now: number): string | undefined
  /** One reading for each policy that takes part. Changes nothing. */
  readings(now: number): TripReading[]
  /** Forgets all calls. Called at each transition. */
  clear(): void
  /** Whether it has counted no failure and no slow call: a keyed breaker may then be forgotten. Default: never. */
  isClear?(now: number): boolean
  /** What it has counted, as JSON, for a snapshot. A tracker without it starts anew in the next process. */
  save?(now: number): unknown
  /** Goes on from what `save` gave at `now`; ignores what it does not understand. */
  load?(saved: unknown, now: number): void
}

/** Decides when a closed breaker opens. A policy is a description and can be given to many breakers. */
export interface TripPolicy {
  /**
   * Whether `record` needs the time and duration of successes too: saves every other breaker a look at the clock. They are
   * exact when `slowMs` is given; else, in a burst of calls, they are by the last look at the clock, of a call a few before.
   */
  readonly timed: boolean
  /** From which duration on, in ms, a call is slow, for policies that know: counted in the totals. */
  readonly slowMs?: number
  /** The window and the calls it takes to judge, for policies that have them: `checkOptions` looks at them. */
  readonly window?: { readonly ms?: number | undefined; readonly calls?: number | undefined }
  readonly minimumCalls?: number
  /** What a combination of policies is made of. */
  readonly policies?: readonly TripPolicy[]
  createTracker(): TripTracker
}
