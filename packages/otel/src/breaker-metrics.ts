import {
  type BatchObservableCallback,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  type Observable,
  ValueType,
  diag,
} from '@opentelemetry/api'
import type { BoundedNames } from './bounded-names.ts'
import { BreakerSeries, type ObservedInstruments } from './breaker-series.ts'
import { METRICS, SCOPE_NAME } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { RegistryReader } from './registry-reader.ts'
import { VERSION } from './version.ts'

const providers = new WeakMap<MeterProvider, BreakerMetrics>()

/** The metrics of one provider: one reader for all registries, so that breakers of one name cannot hide each other. */
export function breakerMetricsOf(provider: MeterProvider): BreakerMetrics {
  let metrics = providers.get(provider)
  if (metrics === undefined) {
    providers.set(provider, (metrics = new BreakerMetrics(provider.getMeter(SCOPE_NAME, VERSION))))
  }
  return metrics
}

/** Reads the plain numbers that breakers keep, when metrics are collected and at no other time. */
export class BreakerMetrics {
  readonly #meter: Meter
  readonly #instruments: ObservedInstruments
  readonly #attached = new Set<RegistryReader>()
  readonly #readers = new WeakMap<ObservedRegistry, RegistryReader>()
  /** By the name that is shown. Never removed: the SDK goes on exporting a series' last value, so it must end at 0. */
  readonly #series = new Map<string, BreakerSeries>()
  #listening = false

  constructor(meter: Meter) {
    this.#meter = meter
    this.#instruments = {
      state: meter.createObservableUpDownCounter(...instrument('state', ValueType.INT)),
      calls: meter.createObservableCounter(...instrument('calls', ValueType.INT)),
      slowCalls: meter.createObservableCounter(...instrument('slowCalls', ValueType.INT)),
      transitions: meter.createObservableCounter(...instrument('transitions', ValueType.INT)),
      stateTime: meter.createObservableCounter(...instrument('stateTime', ValueType.DOUBLE)),
      failureRatio: meter.createObservableGauge(...instrument('failureRatio', ValueType.DOUBLE)),
      tripRatio: meter.createObservableGauge(...instrument('tripRatio', ValueType.DOUBLE)),
      activeCalls: meter.createObservableUpDownCounter(...instrument('activeCalls', ValueType.INT)),
    }
  }

  /** Reports the breakers of a registry until the handle is disposed of; the next collection is the last that reads them. */
  attach(registry: ObservedRegistry, names: BoundedNames): Disposable {
    const reader = this.#readerOf(registry, names)
    reader.leaving = false
    this.#attached.add(reader)
    if (!this.#listening) this.#meter.addBatchObservableCallback(this.#collect, this.#observables())
    this.#listening = true
    return {
      [Symbol.dispose]: () => {
        reader.leaving = true
      },
    }
  }

  readonly #collect: BatchObservableCallback = (result) => {
    try {
      for (const series of this.#series.values()) series.begin()
      for (const reader of this.#attached) {
        reader.read()
        if (reader.leaving) this.#attached.delete(reader)
      }
      for (const series of this.#series.values()) series.observe(result)
    } catch (error) {
      // The SDK would take it for a failure of the whole collection.
      diag.error('switchgear: circuit breakers could not be read', error)
    }
    // Not now: the meter is going through its callbacks.
    if (this.#attached.size === 0) queueMicrotask(() => this.#stopIfIdle())
  }

  #readerOf(registry: ObservedRegistry, names: BoundedNames): RegistryReader {
    let reader = this.#readers.get(registry)
    if (reader === undefined) {
      reader = new RegistryReader(registry, (name) => this.#seriesOf(names.shown(name)))
      this.#readers.set(registry, reader)
    }
    return reader
  }

  #seriesOf(name: string): BreakerSeries {
    let series = this.#series.get(name)
    if (series === undefined) this.#series.set(name, (series = new BreakerSeries(this.#instruments, name)))
    return series
  }

  #stopIfIdle(): void {
    if (this.#attached.size > 0 || !this.#listening) return
    this.#listening = false
    this.#meter.removeBatchObservableCallback(this.#collect, this.#observables())
  }

  #observables(): Observable[] {
    return Object.values(this.#instruments)
  }
}

function instrument(metric: keyof typeof METRICS, valueType: ValueType): [name: string, options: MetricOptions] {
  const { name, unit, description } = METRICS[metric]
  return [name, { unit, description, valueType }]
}
