/** The five states. `forced_open` and `disabled` are set by an operator and left by an operator or when their time is over. */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'forced_open' | 'disabled'

/** Why a state was left. A trip policy of your own adds its name. */
export type Trigger =
  | 'consecutive_failures'
  | 'failure_rate'
  | 'slow_call_rate'
  | 'open_elapsed'
  | 'probes_succeeded'
  | 'probe_failed'
  | 'probe_timeout'
  | 'recovered'
  | 'forced'
  | 'disabled'
  | 'released'
  | 'reset'
  | (string & {})

/** Who holds a breaker in `forced_open` or `disabled`, and why. */
export interface OverrideDetails {
  readonly reason: string
  readonly actor?: string
}

/** A state with the data that only this state has. Times are readings of the breaker's clock. */
export type State =
  | { readonly name: 'closed'; readonly since: number }
  | { readonly name: 'open'; readonly since: number; readonly until: number }
  | {
      readonly name: 'half_open'
      readonly since: number
      readonly successes: number
      readonly failures: number
      /** Where the ramp-up is, once enough probes have succeeded. */
      readonly ramp?: RampStep
    }
  | {
      readonly name: 'forced_open' | 'disabled'
      readonly since: number
      readonly until: number
      readonly override: OverrideDetails
    }

/** One step of a ramp-up with the results of its own calls. */
interface RampStep {
  readonly index: number
  readonly since: number
  readonly calls: number
  readonly failures: number
}

/** What can happen to a breaker. `openMs` is asked only when the breaker really opens. */
export type Input =
  | { readonly type: 'tripped'; readonly trigger: Trigger; readonly openMs: () => number }
  | { readonly type: 'time_due' }
  | { readonly type: 'probe_succeeded' | 'probe_failed' | 'probe_timeout'; readonly openMs: () => number }
  | { readonly type: 'forced' | 'disabled'; readonly override: OverrideDetails; readonly forMs: number }
  | { readonly type: 'recovered'; readonly then: 'probe' | 'close' }
  | { readonly type: 'released' }
  | { readonly type: 'reset' }

/** How many probes decide in half_open, and how calls are let in after them. */
export interface RecoveryLimits {
  readonly successesToClose: number
  readonly failuresToOpen: number
  readonly rampUp?: RampLimits | undefined
}

/** When a step of a ramp-up is over, and when it is bad. */
export interface RampLimits {
  readonly stepsPercent: readonly number[]
  readonly stepMs: number
  readonly minimumCalls: number
  readonly maxFailureRate: number
}

/** The state that follows, and why, when its name is another one. */
export interface Step {
  readonly state: State
  readonly trigger: Trigger
}

/** The state as seen at `now`: a time that is over has its effect on reading, before a call makes the transition. */
export function stateAt(state: State, now: number): BreakerState {
  if (!('until' in state) || now < state.until) return state.name
  return state.name === 'disabled' ? 'closed' : 'half_open'
}

/**
 * The whole machine: what follows `input` in `state` at `now`. Pure; the same `state` object when nothing follows.
 *
 * | in          | tripped | time_due         | probe_*           | recovered           | released  | reset  |
 * |-------------|---------|------------------|-------------------|---------------------|-----------|--------|
 * | closed      | open    |                  |                   |                     |           |        |
 * | open        |         | half_open if due |                   | half_open or closed |           | closed |
 * | half_open   | open    |                  | counts or decides |                     |           | closed |
 * | forced_open |         | half_open if due |                   |                     | half_open | closed |
 * | disabled    |         | closed if due    |                   |                     | closed    | closed |
 *
 * `forced` and `disabled` lead to forced_open and disabled from every state.
 */
export function next(state: State, input: Input, now: number, limits: RecoveryLimits): Step {
  const type = input.type
  if (type === 'forced' || type === 'disabled') {
    const name = type === 'forced' ? 'forced_open' : 'disabled'
    const since = state.name === name ? state.since : now
    return { state: { name, since, until: now + input.forMs, override: input.override }, trigger: type }
  }
  if (type === 'reset' && state.name !== 'closed') return closed(type, now)
  switch (state.name) {
    case 'closed':
      if (type === 'tripped') return opened(input, input.trigger, now)
      break
    case 'open':
      if (type === 'time_due' && now >= state.until) return probing('open_elapsed', now)
      if (type === 'recovered') return input.then === 'close' ? closed(type, now) : probing(type, now)
      break
    case 'half_open':
      if (type === 'tripped') return opened(input, input.trigger, now)
      if (type === 'probe_succeeded' || type === 'probe_failed' || type === 'probe_timeout') {
        return state.ramp === undefined
          ? afterProbe(state, input, now, limits)
          : afterRampCall(state, state.ramp, type, now, limits.rampUp)
      }
      break
    case 'forced_open':
    case 'disabled':
      if (type === 'released' || (type === 'time_due' && now >= state.until)) {
        // The service must prove itself after a forced open; a disabled breaker was only not looking.
        return state.name === 'disabled' ? closed('released', now) : probing('released', now)
      }
  }
  return { state, trigger: type }
}

type HalfOpen = Extract<State, { name: 'half_open' }>
type ProbeInput = Extract<Input, { type: 'probe_succeeded' | 'probe_failed' | 'probe_timeout' }>

function afterProbe(state: HalfOpen, input: ProbeInput, now: number, limits: RecoveryLimits): Step {
  if (input.type === 'probe_succeeded') {
    const successes = state.successes + 1
    if (successes < limits.successesToClose) return { state: { ...state, successes }, trigger: input.type }
    if (limits.rampUp === undefined) return closed('probes_succeeded', now)
    return { state: { ...state, successes, ramp: rampStep(0, now) }, trigger: input.type }
  }
  const failures = state.failures + 1
  if (failures < limits.failuresToOpen) return { state: { ...state, failures }, trigger: input.type }
  return opened(input, input.type, now)
}

function afterRampCall(
  state: HalfOpen,
  step: RampStep,
  type: ProbeInput['type'],
  now: number,
  limits?: RampLimits,
): Step {
  const calls = step.calls + 1
  const failures = step.failures + (type === 'probe_succeeded' ? 0 : 1)
  const ramp = { ...step, calls, failures }
  if (limits !== undefined && calls >= limits.minimumCalls) {
    if (failures / calls >= limits.maxFailureRate) return { state: steppedBack(state, step, now), trigger: type }
    if (now - step.since >= limits.stepMs) {
      if (step.index + 1 >= limits.stepsPercent.length) return closed('probes_succeeded', now)
      return { state: { ...state, ramp: rampStep(step.index + 1, now) }, trigger: type }
    }
  }
  return { state: { ...state, ramp }, trigger: type }
}

/** A bad step goes back one; from the first, back to probes, which can open the breaker. */
function steppedBack({ name, since }: HalfOpen, { index }: RampStep, now: number): State {
  return { name, since, successes: 0, failures: 0, ...(index > 0 && { ramp: rampStep(index - 1, now) }) }
}

function rampStep(index: number, now: number): RampStep {
  return { index, since: now, calls: 0, failures: 0 }
}

function closed(trigger: Trigger, now: number): Step {
  return { state: { name: 'closed', since: now }, trigger }
}

function opened(input: { readonly openMs: () => number }, trigger: Trigger, now: number): Step {
  return { state: { name: 'open', since: now, until: now + input.openMs() }, trigger }
}

function probing(trigger: Trigger, now: number): Step {
  return { state: { name: 'half_open', since: now, successes: 0, failures: 0 }, trigger }
}
