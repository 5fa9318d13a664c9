import { expect, test } from 'vitest'
import type { Permit } from '@switchgear/core'
import { hear, succeed } from './drive.ts'
import { halfOpen } from './half-open-breaker.ts'

test('no breaker stays stuck, though every probe of a hundred rounds is lost', () => {
  const { breaker, clock } = halfOpen({ openMs: 1_000 })
  for (let round = 0; round < 100; round++) {
    for (let i = 0; i < 4; i++) breaker.tryAcquire()
    clock.advance(1_000)
  }
  for (let i = 0; i < 3 && !breaker.isAvailable(); i++) {
    breaker.tryAcquire()
    clock.advance(1_000)
  }

  succeed(breaker, 3)

  expect(breaker.state).toBe('closed')
})

test('leases that are over end oldest first, also when one of the probes notices', () => {
  for (const notice of ['a new call', 'the youngest', 'the oldest'] as const) {
    const { breaker, clock } = halfOpen({ halfOpen: { failuresToOpen: 9, probeTimeoutMs: 500 } })
    const failures = hear(breaker, 'failure')
    const oldest = breaker.acquire()
    clock.advance(10)
    breaker.acquire()
    clock.advance(10)
    const youngest = breaker.acquire()
    clock.advance(500)

    if (notice === 'a new call') breaker.tryAcquire()
    else if (notice === 'the youngest') youngest.success()
    else oldest.success()

    expect(failures.map(({ durationMs }) => durationMs)).toEqual([520, 510, 500])
  }
})

test('ten thousand lost probes end at once', () => {
  const { breaker, clock } = halfOpen({
    halfOpen: {
      maxConcurrent: Number.POSITIVE_INFINITY,
      failuresToOpen: Number.POSITIVE_INFINITY,
      probeTimeoutMs: 500,
    },
  })
  for (let i = 0; i < 10_000; i++) breaker.acquire()
  clock.advance(500)

  expect(breaker.acquire().probe).toBe(true)
  expect(breaker.status().halfOpen).toMatchObject({ inFlight: 1, failures: 10_000 })
})

test('an openMs that settles another lost probe does not make it count twice', () => {
  const others: Permit[] = []
  const { breaker, clock } = halfOpen({
    openMs: () => {
      for (const permit of others) permit.success()
      return 60_000
    },
    halfOpen: { probeTimeoutMs: 500 },
  })
  breaker.acquire()
  others.push(breaker.acquire())
  const { totals } = breaker.status()
  clock.advance(500)

  breaker.tryAcquire()?.ignore()

  const after = breaker.status().totals
  expect(after.success + after.failure).toBe(totals.failure + 2)
  expect(after.active).toBe(0)
})
