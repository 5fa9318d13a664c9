import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureRate, type RateWindow, type TripReading, type TripTracker } from '@switchgear/core'

/** Something that happens to a window, `afterMs` after what happened before. */
interface Step {
  readonly afterMs: number
  readonly verdict: 'success' | 'failure'
  /** How far ahead it is read before the call is counted. */
  readonly readAheadMs: number
  readonly isCleared: boolean
}

interface Call {
  readonly at: number
  readonly verdict: 'success' | 'failure'
}

/** Times around the edges of a window and of its buckets, and any others. */
const around = (ms: number, bucketMs: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(0, 1, bucketMs - 1, bucketMs, bucketMs + 1, ms - bucketMs, ms - 1, ms, ms + 1, 2 * ms, 1e12),
    fc.nat(2 * ms),
  )

const steps = (time: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      afterMs: time,
      verdict: fc.constantFrom<'success' | 'failure'>('success', 'failure'),
      readAheadMs: time,
      isCleared: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    }),
    { maxLength: 60, size: 'max' },
  )

const origins = fc.constantFrom(0, -123_456, 1_800_000_000_000, 7)

/** Takes a tracker through steps and compares it, at each of them, with a list of all calls. */
function compare(
  tracker: TripTracker,
  { threshold, minimumCalls }: { threshold: number; minimumCalls: number },
  origin: number,
  taken: readonly Step[],
  isInside: (call: Call, age: number, now: number) => boolean,
): void {
  let calls: Call[] = []
  let now = origin
  const expected = (at: number): TripReading => {
    const inside = calls.filter((call, index) => isInside(call, calls.length - 1 - index, at))
    const failures = inside.filter(({ verdict }) => verdict === 'failure').length
    const isKnown = inside.length >= minimumCalls
    const value = isKnown ? { value: failures / inside.length } : undefined
    return { policy: 'failure_rate', threshold, calls: inside.length, minimumCalls, ...value }
  }
  for (const { afterMs, verdict, readAheadMs, isCleared } of taken) {
    if (isCleared) {
      tracker.clear()
      calls = []
    }
    expect(tracker.readings(now + readAheadMs)).toEqual([expected(now + readAheadMs)])
    now += afterMs
    calls.push({ at: now, verdict })
    const tripped = tracker.record(verdict, 0, now)
    const reading = expected(now)
    expect(tripped).toBe((reading.value ?? -1) >= threshold ? 'failure_rate' : undefined)
    expect(tracker.readings(now)).toEqual([reading])
    expect(tracker.isClear?.(now)).toBe(
      !calls.some((call, i) => call.verdict === 'failure' && isInside(call, calls.length - 1 - i, now)),
    )
  }
}

const limits = fc.record({
  threshold: fc.constantFrom(0.07, 0.1, 0.29, 0.5, 1),
  minimumCalls: fc.integer({ min: 1, max: 8 }),
})

describe('a count window', () => {
  test('holds what a list of the last calls would', () => {
    const sizes = fc.oneof(fc.integer({ min: 8, max: 70 }), fc.constantFrom(31, 32, 33, 64))
    fc.assert(
      fc.property(sizes, limits, steps(fc.nat(100)), (size, limit, taken) => {
        const tracker = failureRate({ window: { calls: size }, ...limit }).createTracker()
        compare(tracker, limit, 0, taken, (_call, age) => age < size)
      }),
    )
  })

  test('takes no notice of time: the last calls count however long ago they were', () => {
    const tracker = failureRate({ window: { calls: 2 }, minimumCalls: 2 }).createTracker()
    tracker.record('failure', 0, 0)
    expect(tracker.record('success', 0, 1e12)).toBe('failure_rate')
    expect(tracker.readings(1e15)).toMatchObject([{ value: 0.5, calls: 2 }])
  })

  test('is as exact after 100,000 calls as at the start', () => {
    const tracker = failureRate({ window: { calls: 100 }, threshold: 1 }).createTracker()
    for (let i = 0; i < 100_000; i++) tracker.record(i % 3 === 0 ? 'failure' : 'success', 0, 0)
    // Of the numbers from 99,900 to 99,999, those that three divides.
    expect(tracker.readings(0)).toMatchObject([{ value: 0.34, calls: 100 }])
  })
})

describe('a time window', () => {
  test('holds what a list of all calls, sorted into buckets, would', () => {
    const windows = fc.record({ bucketMs: fc.integer({ min: 1, max: 7000 }), buckets: fc.integer({ min: 1, max: 12 }) })
    const cases = windows.chain(({ bucketMs, buckets }) =>
      fc.tuple(fc.constant({ bucketMs, buckets }), steps(around(bucketMs * buckets, bucketMs))),
    )
    fc.assert(
      fc.property(cases, limits, origins, ([{ bucketMs, buckets }, taken], limit, origin) => {
        const window = { ms: bucketMs * buckets, buckets }
        const tracker = failureRate({ window, ...limit }).createTracker()
        compare(tracker, limit, origin, taken, ({ at }, _age, now) => {
          return Math.floor(now / bucketMs) - Math.floor(at / bucketMs) < buckets
        })
      }),
    )
  })

  test('keeps a call for ms at most, and for no more than a bucket less, whatever fractions time comes in', () => {
    const times = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(
        times,
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (gaps, ms, buckets) => {
          const tracker = failureRate({ window: { ms, buckets }, threshold: 1 }).createTracker()
          const ends: number[] = []
          let now = 0
          for (const gap of gaps) {
            now += gap
            ends.push(now)
            tracker.record('success', 0, now)
            const held = tracker.readings(now)[0]?.calls ?? 0
            const isYoung = (end: number, most: number): boolean => now - end < most * (1 - 1e-9)
            expect(held).toBeGreaterThanOrEqual(ends.filter((end) => isYoung(end, ms - ms / buckets)).length)
            expect(held).toBeLessThanOrEqual(ends.filter((end) => isYoung(end, ms * (1 + 1e-6))).length)
          }
        },
      ),
    )
  })

  test('lets go of a bucket at its edge, to the millisecond', () => {
    const tracker = failureRate({ window: { ms: 60_000, buckets: 10 }, minimumCalls: 1 }).createTracker()
    tracker.record('failure', 0, 5_999)
    tracker.record('failure', 0, 6_000)
    expect(tracker.readings(59_999)).toMatchObject([{ calls: 2 }])
    expect(tracker.readings(60_000)).toMatchObject([{ calls: 1 }])
    expect(tracker.readings(65_999)).toMatchObject([{ calls: 1 }])
    expect(tracker.readings(66_000)).toMatchObject([{ calls: 0 }])
  })

  test('meets an edge exactly where a bucket is a fraction of a millisecond', () => {
    const tracker = failureRate({ window: { ms: 1, buckets: 10 }, minimumCalls: 1 }).createTracker()
    // As floating-point numbers 0.3 / 0.1 is less than 3, which is the bucket that 0.3 opens.
    tracker.record('failure', 0, 0.3)
    expect(tracker.readings(1.29)).toMatchObject([{ calls: 1 }])
    expect(tracker.readings(1.3)).toMatchObject([{ calls: 0 }])
  })

  test('holds nothing of before a long idle time', () => {
    const tracker = failureRate({ minimumCalls: 1 }).createTracker()
    for (let i = 0; i < 100; i++) tracker.record('failure', 0, i * 600)
    expect(tracker.record('success', 0, 3 * 3_600_000)).toBeUndefined()
    expect(tracker.readings(3 * 3_600_000)).toMatchObject([{ value: 0, calls: 1 }])
  })

  test('of Infinity ms holds every call until it is cleared', () => {
    const tracker = failureRate({ window: { ms: Number.POSITIVE_INFINITY }, minimumCalls: 1 }).createTracker()
    tracker.record('failure', 0, -5)
    tracker.record('success', 0, 1e15)
    expect(tracker.readings(1e15)).toMatchObject([{ value: 0.5, calls: 2 }])
    tracker.clear()
    expect(tracker.readings(1e15)).toMatchObject([{ calls: 0 }])
  })

  test('counts on when time steps back, and lets nothing go early or late for it', () => {
    const tracker = failureRate({ window: { ms: 1000, buckets: 10 }, minimumCalls: 1 }).createTracker()
    tracker.record('failure', 0, 5_000)
    tracker.record('failure', 0, 1_000)
    expect(tracker.readings(1_000)).toMatchObject([{ calls: 2 }])
    expect(tracker.readings(5_999)).toMatchObject([{ calls: 2 }])
    expect(tracker.readings(6_000)).toMatchObject([{ calls: 0 }])

    const next = failureRate({ window: { ms: 1000, buckets: 10 } }).createTracker()
    next.load?.(tracker.save?.(1_000), 5_000)
    expect(next.readings(5_999)).toMatchObject([{ calls: 2 }])
  })

  test('is as exact after 100,000 calls as at the start', () => {
    const tracker = failureRate({ window: { ms: 1000, buckets: 10 }, threshold: 1 }).createTracker()
    for (let i = 0; i < 100_000; i++) tracker.record(i % 4 === 0 ? 'failure' : 'success', 0, i * 10)
    // The last call is the last of its bucket, so all ten buckets are full, with ten calls each.
    expect(tracker.readings(999_990)).toMatchObject([{ value: 0.25, calls: 100 }])
  })
})

describe('a saved window', () => {
  const windows = [{ calls: 40 }, { ms: 1000, buckets: 10 }, { ms: Number.POSITIVE_INFINITY }]
  const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

  test.each(windows)('of %j goes on as if it had not been saved', (window) => {
    fc.assert(
      fc.property(steps(around(1000, 100)), steps(around(1000, 100)), origins, (before, after, origin) => {
        const policy = failureRate({ window, minimumCalls: 1 })
        const [first, second] = [policy.createTracker(), policy.createTracker()]
        let now = origin
        for (const { afterMs, verdict } of before) first.record(verdict, 0, (now += afterMs))
        now += 50
        second.load?.(throughJson(first.save?.(now)), now)
        for (const { afterMs, verdict } of after) {
          expect(second.readings(now)).toEqual(first.readings(now))
          now += afterMs
          expect(second.record(verdict, 0, now)).toBe(first.record(verdict, 0, now))
        }
      }),
    )
  })

  test('ages by the time between the processes', () => {
    const policy = failureRate({ window: { ms: 1000, buckets: 10 }, minimumCalls: 1 })
    const [first, second] = [policy.createTracker(), policy.createTracker()]
    first.record('failure', 0, 5_000)
    first.record('failure', 0, 5_500)
    second.load?.(throughJson(first.save?.(5_700)), -300)
    expect(second.readings(-300)).toMatchObject([{ calls: 2 }])
    expect(second.readings(0)).toMatchObject([{ calls: 1 }])
    expect(second.readings(500)).toMatchObject([{ calls: 0 }])
  })

  test('of the last calls goes on in a smaller window with the latest of them', () => {
    const first = failureRate({ window: { calls: 10 } }).createTracker()
    for (const verdict of ['failure', 'failure', 'success', 'failure'] as const) first.record(verdict, 0, 0)
    const second = failureRate({ window: { calls: 2 } }).createTracker()
    second.load?.(first.save?.(0), 0)
    expect(second.readings(0)).toMatchObject([{ value: 0.5, calls: 2 }])
  })

  test.each(windows)('of %j takes the place of what was counted before', (window) => {
    const policy = failureRate({ window, minimumCalls: 1 })
    const [first, second] = [policy.createTracker(), policy.createTracker()]
    first.record('failure', 0, 950)
    for (const at of [0, 150, 250]) second.record('success', 0, at)

    second.load?.(throughJson(first.save?.(950)), 950)

    expect(second.readings(950)).toEqual(first.readings(950))
    for (const at of [1_000, 1_800, 1_900, 2_000]) {
      expect(second.record('failure', 0, at)).toBe(first.record('failure', 0, at))
      expect(second.readings(at)).toEqual(first.readings(at))
    }
  })

  const buckets = (odd: unknown): unknown => ({ ms: 1000, buckets: [odd, ...Array.from({ length: 9 }, () => [2, 1])] })
  test.each<[saved: unknown, of: RateWindow]>([
    [buckets([2.5, 1]), { ms: 1000 }],
    [buckets([2, 0.5]), { ms: 1000 }],
    [buckets([2, 3]), { ms: 1000 }],
    [buckets([2, -1]), { ms: 1000 }],
    [buckets(['2', '1']), { ms: 1000 }],
    [buckets([2]), { ms: 1000 }],
    [buckets(2), { ms: 1000 }],
    [buckets(null), { ms: 1000 }],
    [{ ms: 1000, buckets: 'none of them' }, { ms: 1000 }],
    [null, { ms: 1000 }],
    ['01 ', { calls: 10 }],
    [' 01', { calls: 10 }],
    [['0', '1'], { calls: 10 }],
    [null, { calls: 10 }],
  ])('%j is none, and is left alone', (saved, window) => {
    const tracker = failureRate({ window }).createTracker()
    tracker.record('failure', 0, 0)

    tracker.load?.({ policy: 'failure_rate', window: saved }, 0)

    expect(tracker.readings(0)).toMatchObject([{ calls: 1 }])
  })

  test.each([
    ['another number of buckets', { ms: 1000, buckets: 5 }],
    ['another length', { ms: 2000, buckets: 10 }],
    ['no end', { ms: Number.POSITIVE_INFINITY, buckets: 10 }],
    ['the last calls', { calls: 10 }],
  ])('of %s is left alone', (_what, window) => {
    const first = failureRate({ window }).createTracker()
    first.record('failure', 0, 0)
    const second = failureRate({ window: { ms: 1000, buckets: 10 } }).createTracker()
    second.load?.(throughJson(first.save?.(0)), 0)
    expect(second.readings(0)).toMatchObject([{ calls: 0 }])
  })

  test.each(windows)('that is none leaves a window of %j sound', (window) => {
    const bucket = fc.oneof(fc.tuple(fc.anything(), fc.anything()), fc.tuple(fc.integer(), fc.integer()), fc.anything())
    const inner = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.record({ ms: fc.constantFrom(1000, null), buckets: fc.array(bucket, { minLength: 10, maxLength: 10 }) }),
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.record({ policy: fc.constant('failure_rate'), window: inner })),
        (saved) => {
          const tracker = failureRate({ window, minimumCalls: 1 }).createTracker()
          tracker.load?.(saved, 0)
          const [reading] = tracker.readings(0)
          expect(Number.isSafeInteger(reading?.calls)).toBe(true)
          expect(reading?.value ?? 0).toBeGreaterThanOrEqual(0)
          expect(reading?.value ?? 0).toBeLessThanOrEqual(1)
        },
      ),
    )
  })
})
