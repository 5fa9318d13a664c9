import { type Attributes, type MeterProvider, ValueType } from '@opentelemetry/api'
import type { CallEvent, Verdict } from '@switchgear/core'
import type { BoundedNames } from './bounded-names.ts'
import { disposeAll } from './dispose-all.ts'
import { ATTRIBUTES, METRICS, SCOPE_NAME } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { VERSION } from './version.ts'

const BUCKETS_IN_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Records how long each call took, in the context of its caller, until the handle is disposed of. */
export function recordCallDurations(
  registry: ObservedRegistry,
  provider: MeterProvider,
  names: BoundedNames,
): Disposable {
  const { name, unit, description } = METRICS.callDuration
  const durations = provider.getMeter(SCOPE_NAME, VERSION).createHistogram(name, {
    unit,
    description,
    valueType: ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: BUCKETS_IN_SECONDS },
  })
  const attributesOf = new Map<string, Attributes>()

  function record({ breaker, durationMs }: CallEvent, outcome: Verdict): void {
    const shown = names.shown(breaker)
    const key = `${outcome} ${shown}`
    let attributes = attributesOf.get(key)
    if (attributes === undefined) {
      attributes = Object.freeze({ [ATTRIBUTES.name]: shown, [ATTRIBUTES.outcome]: outcome })
      attributesOf.set(key, attributes)
    }
    durations.record(durationMs / 1000, attributes)
  }

  return disposeAll([
    registry.on('success', (event) => record(event, 'success')),
    registry.on('failure', (event) => record(event, 'failure')),
    registry.on('ignored', (event) => record(event, 'ignored')),
    registry.on('stale', (event) => record(event, event.verdict)),
  ])
}
