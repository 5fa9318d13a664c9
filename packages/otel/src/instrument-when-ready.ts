import { createNoopMeter, metrics } from '@opentelemetry/api'
import { instrumentCircuitBreakers } from './instrument-circuit-breakers.ts'
import { SCOPE_NAME } from './names.ts'
import { VERSION } from './version.ts'
import { warnOfOtherApi } from './warn-of-other-api.ts'

const LONGEST_WAIT_MS = 1_000

/**
 * Instruments the default registry with the global providers, those to come included. Tracers and loggers find their
 * provider whenever it is registered; a meter does not, so the one there is looked for until there is one, at most a
 * second apart. Nothing is missed until then: breakers count anyway, and metrics read what they have counted.
 */
export function instrumentWhenReady(): Disposable {
  let attached = instrumentCircuitBreakers()
  let timer: ReturnType<typeof setTimeout> | undefined

  function waitForMeterProvider(waitMs: number): void {
    timer = setTimeout(() => {
      if (warnOfOtherApi()) return
      if (!hasMeterProvider()) return waitForMeterProvider(Math.min(2 * waitMs, LONGEST_WAIT_MS))
      const earlier = attached
      // Everything once more: the application may use another copy of the API, whose tracers and loggers are others, too.
      attached = instrumentCircuitBreakers()
      earlier[Symbol.dispose]()
    }, waitMs)
    letProcessEnd(timer)
  }

  if (!hasMeterProvider()) waitForMeterProvider(1)
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      attached[Symbol.dispose]()
    },
  }
}

function hasMeterProvider(): boolean {
  return metrics.getMeterProvider().getMeter(SCOPE_NAME, VERSION) !== createNoopMeter()
}

function letProcessEnd(timer: unknown): void {
  ;(timer as { unref?(): void }).unref?.()
}
