import { CircuitBreaker, type Permit, type Verdict } from '@switchgear/core'
import { down } from '../drive.ts'
import { SkewedClock } from './skewed-clock.ts'
import type { BreakerView, Driver, Scenario } from './scenario.ts'

/** A call that was made by `execute` and ends when it is told. */
interface ExecutedCall {
  readonly work: PromiseWithResolvers<unknown>
  readonly controller: AbortController
}

/** The real breaker, driven as its story is. */
export class DrivenBreaker implements Driver {
  readonly scenario: Scenario
  readonly clock = new SkewedClock()
  readonly breaker: CircuitBreaker
  readonly calls: (Permit | ExecutedCall)[] = []
  readonly handles: Disposable[] = []
  #heard: string[] = []

  constructor(scenario: Scenario) {
    const { rule, openMs, leaseMs, successesToClose, failuresToOpen, maxConcurrent, timeoutMs, mode } = scenario
    this.scenario = scenario
    this.breaker = new CircuitBreaker('model', {
      clock: this.clock,
      trip: rule.policy,
      openMs:
        openMs.length === 1 ? Number(openMs[0]) : ({ attempt }) => Number(openMs[Math.min(attempt, openMs.length) - 1]),
      halfOpen: { successesToClose, failuresToOpen, maxConcurrent, probeTimeoutMs: leaseMs },
      timeoutMs,
      mode,
    })
    this.#listen()
  }

  ask(): boolean {
    const permit = this.breaker.tryAcquire()
    if (permit !== undefined) this.calls.push(permit)
    return permit !== undefined
  }

  execute(signal?: AbortSignal): void {
    const controller = new AbortController()
    const work = Promise.withResolvers<unknown>()
    const call = this.breaker.execute(
      () => {
        this.calls.push({ work, controller })
        return work.promise
      },
      { signal: signal ?? controller.signal },
    )
    call.catch(() => {})
  }

  /** Ends a call by what it is: a permit that is settled, work that ends, or a caller who leaves. */
  settle(index: number, verdict: Verdict): void {
    const call = this.calls[index]
    if (call === undefined) return
    if (!('work' in call)) settlePermit(call, verdict)
    else if (verdict === 'success') call.work.resolve('result')
    else if (verdict === 'failure') call.work.reject(down)
    else call.controller.abort()
  }

  settleLatest(verdict: Verdict): void {
    const permit = this.calls.findLast((call) => !('work' in call))
    if (permit !== undefined && !('work' in permit)) settlePermit(permit, verdict)
  }

  trip(): boolean {
    return this.breaker.trip({ reason: 'trip' })
  }

  reset(): void {
    this.breaker.reset()
  }

  override(state: 'forced_open' | 'disabled', forMs: number): void {
    const options = { reason: String(this.handles.length), forMs }
    // The place is taken first: a listener may override again.
    const index = this.handles.push({ [Symbol.dispose]: () => {} }) - 1
    this.handles[index] = state === 'disabled' ? this.breaker.disable(options) : this.breaker.forceOpen(options)
  }

  blunder(): void {
    throw new Error('a listener that throws')
  }

  view(): BreakerView {
    const { breaker } = this
    const status = breaker.status()
    const { retryAfterMs, trip, halfOpen, totals, rejections, wouldReject, timeInState } = status
    const heard = this.#heard
    this.#heard = []
    return {
      states: [breaker.state, status.state],
      isAvailable: breaker.isAvailable(),
      retryAfterMs,
      trip,
      halfOpen,
      totals,
      rejections,
      wouldReject,
      transitions: status.transitions.reduce((sum, { count }) => sum + count, 0),
      timeInState,
      override: status.override?.reason,
      blunders: status.warnings.listener_threw ?? 0,
      heard,
    }
  }

  #listen(): void {
    const { breaker } = this
    const hear = (line: string): void => void this.#heard.push(line)
    breaker.on('warning', () => {})
    breaker.on('transition', ({ from, to, trigger, dwellMs }) =>
      hear(`transition: ${from} to ${to} by ${trigger} after ${dwellMs}`),
    )
    breaker.on('rejected', ({ reason, state }) => hear(`rejected: ${reason} in ${state}`))
    if (this.scenario.hearsEnds) {
      for (const name of ['success', 'failure', 'ignored'] as const) {
        breaker.on(name, ({ durationMs, probe }) =>
          hear(`${name}: ${name} after ${durationMs}${probe ? ', a probe' : ''}`),
        )
      }
      breaker.on('stale', ({ verdict, durationMs, probe }) =>
        hear(`stale: ${verdict} after ${durationMs}${probe ? ', a probe' : ''}`),
      )
    }
    for (const { on, to, times, act } of this.scenario.reactions) {
      let left = times
      breaker.on(on, (event) => {
        if (left === 0 || (to !== undefined && 'to' in event && event.to !== to)) return
        left--
        act(this)
      })
    }
  }
}

function settlePermit(permit: Permit, verdict: Verdict): void {
  if (verdict === 'success') permit.success()
  else if (verdict === 'failure') permit.failure(down)
  else permit.ignore()
}
