import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures, type Permit } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'

const MAX_KEYS = 4
const OPEN_MS = 500

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
const action = fc.oneof(
  fc.record({ type: fc.constantFrom('succeed', 'fail', 'begin', 'end', 'ask', 'reset', 'delete', 'force'), key }),
  fc.record({ type: fc.constant('advance'), ms: fc.constantFrom(1, 100, 500, 1_000) }),
)

/** What a naive observer knows of a key that has a breaker of its own. */
interface Known {
  readonly breaker: CircuitBreaker
  readonly permits: Permit[]
  usedAt: number
}

test.each([Number.POSITIVE_INFINITY, 1_000])('whatever happens, bounds and promises hold with idleMs %d', (idleMs) => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
      const clock = new ManualClock()
      const registry = new CircuitBreakerRegistry({ clock })
      registry.on('warning', () => {})
      const family = registry.keyed('family', {
        maxKeys: MAX_KEYS,
        idleMs,
        trip: consecutiveFailures(2),
        openMs: OPEN_MS,
        halfOpen: { successesToClose: 1, maxConcurrent: 1 },
      })
      const known = new Map<string, Known>()
      const counted = { success: 0, failure: 0, rejected: 0 }
      family.on('success', () => void counted.success++)
      family.on('failure', () => void counted.failure++)
      family.on('stale', ({ verdict }) => void counted[verdict === 'success' ? 'success' : 'failure']++)
      family.on('rejected', () => void counted.rejected++)

      for (const { type, ...details } of actions) {
        if ('ms' in details) {
          clock.advance(details.ms)
          continue
        }
        const mustStay = [...known].filter(([name, entry]) => name !== details.key && isNeeded(entry))
        const existed = known.get(details.key)
        if (type === 'delete' || type === 'reset') {
          expect(family[type](details.key)).toBe(existed !== undefined)
          if (type === 'delete') known.delete(details.key)
        } else {
          const breaker = family.for(details.key)
          if (existed !== undefined) expect(breaker).toBe(existed.breaker)
          const isOwn = family.peek(details.key) === breaker
          expect(isOwn || breaker === family.overflow).toBe(true)
          // A breaker is shared only when there was no room and no key could go.
          if (!isOwn) expect(mustStay).toHaveLength(MAX_KEYS)
          const entry = existed ?? { breaker, permits: [], usedAt: clock.now() }
          entry.usedAt = clock.now()
          if (isOwn) known.set(details.key, entry)
          perform(type, breaker, entry.permits)
        }

        expect(family.size).toBeLessThanOrEqual(MAX_KEYS)
        for (const [name, entry] of mustStay) expect(family.peek(name)).toBe(entry.breaker)
        for (const name of known.keys()) if (family.peek(name) === undefined) known.delete(name)
        expect([...family].map(([name]) => name).toSorted()).toEqual([...known.keys()].toSorted())
        expect(sumsOf()).toEqual(counted)
      }

      function isNeeded({ breaker, usedAt }: Known): boolean {
        const { state, totals, trip } = breaker.status()
        if (totals.active > 0 || state === 'open' || state === 'forced_open') return true
        return clock.now() - usedAt < idleMs && (state === 'half_open' || trip[0]?.value !== 0)
      }

      function sumsOf(): typeof counted {
        const summary = family.summary()
        const add = (count: (status: (typeof summary)[number]) => number): number =>
          summary.reduce((sum, status) => sum + count(status), 0)
        const { length } = [...family]
        expect(add(({ breakers }) => breakers)).toBe(length + (family.overflow === undefined ? 0 : 1))
        return {
          success: add(({ totals }) => totals.success),
          failure: add(({ totals }) => totals.failure),
          rejected: add(({ rejections }) => Object.values(rejections).reduce((a, b) => a + b)),
        }
      }
    }),
    { numRuns: 500 },
  )
})

function perform(type: string, breaker: CircuitBreaker, permits: Permit[]): void {
  if (type === 'force') breaker.forceOpen({ reason: 'test', forMs: 300 })
  if (type === 'end') permits.shift()?.success()
  if (type === 'begin') permits.push(...[breaker.tryAcquire()].filter((permit) => permit !== undefined))
  if (type === 'succeed') breaker.tryAcquire()?.success()
  if (type === 'fail') breaker.tryAcquire()?.failure()
}
