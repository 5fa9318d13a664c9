import { diag } from '@opentelemetry/api'
import type { CircuitBreakerStatus } from '@switchgear/core'
import type { BreakerReading, BreakerSeries } from './breaker-series.ts'
import type { ObservedFamilyStatus, ObservedRegistry } from './observed-registry.ts'

/** A breaker, or what the breakers of one name come to in a family. */
interface Member {
  readonly series: BreakerSeries
  /** The latest one: what cannot be read now stands where it stood. */
  reading: BreakerReading
  /** Reads a breaker that its registry has forgotten: it may have counted calls since. */
  readonly reread: (() => BreakerReading) | undefined
}

/** Reads the breakers of one registry into their series, round by round. */
export class RegistryReader {
  /** Whether the next round is the last one, unless the registry is attached again. */
  leaving = false
  readonly #registry: ObservedRegistry
  readonly #seriesOf: (name: string) => BreakerSeries
  /** By breaker, or by family and name. */
  readonly #members = new Map<object | string, Member>()
  /** The members of the last round before the registry was detached: what they had counted is in their series. */
  readonly #detached = new Map<object | string, Member>()

  constructor(registry: ObservedRegistry, seriesOf: (name: string) => BreakerSeries) {
    this.#registry = registry
    this.#seriesOf = seriesOf
  }

  read(): void {
    const present = this.#readPresent()
    this.#detached.clear()
    for (const [key, member] of this.#members) {
      const isPresent = present.has(key)
      if (!isPresent) attempt(() => (member.reading = member.reread?.() ?? member.reading))
      if (isPresent && !this.leaving) {
        member.series.add(member.reading)
      } else {
        member.series.retire(member.reading)
        this.#members.delete(key)
        if (isPresent) this.#detached.set(key, member)
      }
    }
  }

  #readPresent(): Set<object | string> {
    const present = new Set<object | string>()
    for (const breaker of this.#registry) {
      present.add(breaker)
      attempt(() => this.#take(breaker, breaker.name, breaker.status(), () => readingOf(breaker.status())))
    }
    for (const family of this.#registry.families()) {
      const prefix = `${family.name}\0`
      const isRead = attempt(() => {
        for (const status of family.summary()) {
          present.add(prefix + status.name)
          this.#take(prefix + status.name, status.name, status)
        }
      })
      if (isRead) continue
      // They are still there, as far as anybody knows.
      for (const key of this.#members.keys()) if (typeof key === 'string' && key.startsWith(prefix)) present.add(key)
    }
    return present
  }

  #take(
    key: object | string,
    name: string,
    status: CircuitBreakerStatus | ObservedFamilyStatus,
    reread?: () => BreakerReading,
  ): void {
    const reading = readingOf(status)
    const known = this.#members.get(key)
    if (known !== undefined) {
      if (hasRestarted(known.reading, reading)) known.series.retire(known.reading)
      known.reading = reading
      return
    }
    const detached = this.#detached.get(key)
    detached?.series.restore(detached.reading)
    this.#members.set(key, { series: detached?.series ?? this.#seriesOf(name), reading, reread })
  }
}

function readingOf(status: CircuitBreakerStatus | ObservedFamilyStatus): BreakerReading {
  return 'states' in status
    ? { critical: status.critical, counts: status, states: status.states, trip: status.trip }
    : { critical: status.critical, counts: status, states: { [status.state]: 1 }, trip: status.trip }
}

/** Whether the last key of a family's name was let go since, and another one has the name now: it counts from 0. */
function hasRestarted({ counts: before }: BreakerReading, { counts: now }: BreakerReading): boolean {
  return (
    now.totals.success < before.totals.success ||
    now.totals.failure < before.totals.failure ||
    now.totals.ignored < before.totals.ignored ||
    now.rejections.open < before.rejections.open
  )
}

/** Says whether it went well. */
function attempt(step: () => void): boolean {
  try {
    step()
    return true
  } catch (error) {
    diag.error('switchgear: a circuit breaker could not be read', error)
    return false
  }
}
