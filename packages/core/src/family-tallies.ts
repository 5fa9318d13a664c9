import { FamilyTally } from './family-status.ts'

// What has happened to a name since it was read last would be lost with it. Names may come and go without end, though.
const UNUSED_KEPT = 1_000

/** The sums of a family by name: of names that breakers have, and of the last ones that they had. */
export class FamilyTallies implements Iterable<FamilyTally> {
  readonly #byName = new Map<string, FamilyTally>()
  /** Those that no breaker has, the one not used for the longest time first. */
  readonly #unused = new Set<FamilyTally>()

  /** The sums of a name, begun now if there are none. */
  of(name: string): FamilyTally {
    let tally = this.#byName.get(name)
    if (tally === undefined) this.#byName.set(name, (tally = new FamilyTally(name)))
    return tally
  }

  /** One more breaker has this name. */
  join(name: string): FamilyTally {
    const tally = this.of(name)
    tally.breakers++
    this.#unused.delete(tally)
    return tally
  }

  /** A breaker that had a name is gone. */
  leave(tally: FamilyTally): void {
    if (--tally.breakers > 0) return
    this.#unused.add(tally)
    for (const oldest of this.#unused) {
      if (this.#unused.size <= UNUSED_KEPT) return
      this.#unused.delete(oldest)
      this.#byName.delete(oldest.name)
    }
  }

  [Symbol.iterator](): IterableIterator<FamilyTally> {
    return this.#byName.values()
  }
}
