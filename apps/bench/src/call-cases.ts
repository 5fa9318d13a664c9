import type { LoopKind } from './measure/compile-loop.ts'

/** What calls are measured: what each row of the table is called, and what its calls come to. */
export const callCases = {
  success: { title: 'closed, success', loop: 'value' },
  ownClock: { title: 'closed, success, each call looks at the clock', loop: 'value' },
  failure: { title: 'closed, failure', loop: 'rejection' },
  busyFailure: { title: 'closed, failure, 100,000 calls in the window', loop: 'rejection' },
  fastFail: { title: 'open, fast-fail', loop: 'rejection' },
  halfOpen: { title: 'half-open, probe', loop: 'value' },
  rampUp: { title: 'ramp-up', loop: 'either' },
  timeout: { title: '10 s timeout', loop: 'value' },
  timeoutWithSignal: { title: '10 s timeout, call reads its signal', loop: 'value' },
  wrapped: { title: 'wrapped function, one argument', loop: 'value' },
  countWindow: { title: 'window of 100 calls', loop: 'value' },
  timeWindow: { title: 'window of 10 s', loop: 'value' },
  concurrent: { title: '100 calls at once, each', loop: 'concurrent' },
} as const satisfies Record<string, { readonly title: string; readonly loop: LoopKind }>

export type CallCaseName = keyof typeof callCases

/** Makes one call. Resolves to 1, or rejects, as the case says. */
export type Call = () => PromiseLike<unknown>

/** The cases that a library can do through its own API, each with a breaker of its own, brought into the case's state. */
export type Library = { readonly [Name in CallCaseName]?: () => Call | Promise<Call> }

/** So many calls are in the window of `busyFailure` before it is measured. */
export const BUSY_CALLS = 100_000

const failure: Error = new Error('the service is down')

/** The call that is guarded: as little as an async function can do. */
export const succeed = async (): Promise<number> => 1
export const fail = async (): Promise<number> => {
  throw failure
}
/** With an argument, for functions that are wrapped. */
export const charge = async (amount: number): Promise<number> => amount
/** One that can be aborted. */
export const watch = async (signal: AbortSignal): Promise<number> => (signal.aborted ? 0 : 1)

/** Makes so many calls, one after the other, whatever they come to. */
export async function callTimes(times: number, call: Call): Promise<void> {
  for (let i = 0; i < times; i++) {
    try {
      await call()
    } catch {
      // A failure is what some of them are for.
    }
  }
}
