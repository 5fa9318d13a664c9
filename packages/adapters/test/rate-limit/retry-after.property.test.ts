import { RateLimitHandler, type RetryDecision } from '@switchgear/adapters/rate-limit'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const LONGEST_MS = 100_000
const BACKOFF_MS = 2_000

/** What becomes of a first 429 with these fields, by the wall clock of this machine. */
function decide(headers: Record<string, string>, { chance = 0, wallNow = Date.UTC(2026, 0, 1) } = {}): RetryDecision {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock({ wallNow }) })
  const limiter = new RateLimitHandler({ registry, env: {}, maxBackoffMs: LONGEST_MS, random: () => chance })
  return limiter.decide({ status: 429, headers }, { attempt: 1, key: 'api' })
}

/** Whether a request is sent again no earlier than that, and not much later; or not at all, if that is too long. */
function expectWait(decision: RetryDecision, toldMs: number): void {
  if (toldMs > LONGEST_MS) expect(decision).toEqual({ retry: false, reason: 'wait_too_long' })
  else expect(decision).toEqual({ retry: true, waitMs: expect.closeTo(toldMs, 5) })
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** A time in whole seconds, as each of the three forms of RFC 9110, 5.6.7, has it. */
const forms: Record<string, (time: number) => string> = {
  'IMF-fixdate': (time) => new Date(time).toUTCString(),
  'RFC 850': (time) => {
    const date = new Date(time)
    const [, day, month, year, clock] = date.toUTCString().split(' ')
    return `${weekdays[date.getUTCDay()]}, ${day}-${month}-${year?.slice(2)} ${clock} GMT`
  },
  asctime: (time) => {
    const date = new Date(time)
    const [weekday, , month, year, clock] = date.toUTCString().split(' ')
    return `${weekday?.slice(0, 3)} ${month} ${String(date.getUTCDate()).padStart(2)} ${clock} ${year}`
  },
}

const seconds = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min / 1_000, max: max / 1_000 }).map((value) => value * 1_000)
const year = (value: number): number => Date.UTC(value, 0)
const form = fc.constantFrom(...Object.values(forms))

test('seconds: never earlier, and the response at once when that is too long', () => {
  fc.assert(
    fc.property(fc.nat({ max: 200 }), fc.string({ unit: fc.constantFrom('0'), maxLength: 5 }), (told, zeros) => {
      expectWait(decide({ 'retry-after': zeros + told }), told * 1_000)
    }),
  )
})

test('seconds of any number of digits', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[1-9]\d{6,400}$/), (told) => {
      expectWait(decide({ 'retry-after': told }), Infinity)
    }),
  )
})

test("a date in any form counts from the response's own, in any form, whatever the clock of this machine says", () => {
  fc.assert(
    fc.property(
      // An RFC 850 date has the year nearest to now: both clocks are within fifty years of each other.
      seconds(year(2010), year(2040)),
      seconds(-100_000, 200_000),
      form,
      form,
      seconds(year(2010), year(2040)),
      (sentAt, toldMs, formOfDate, formOfTime, wallNow) => {
        const headers = { date: formOfDate(sentAt), 'retry-after': formOfTime(sentAt + toldMs) }
        expectWait(decide(headers, { wallNow }), Math.max(0, toldMs))
      },
    ),
  )
})

test('without a Date it counts from the clock of this machine', () => {
  fc.assert(
    fc.property(seconds(year(1970), year(2200)), seconds(-100_000, 200_000), form, (wallNow, toldMs, formOfTime) => {
      const time = wallNow + toldMs
      fc.pre(time >= 0)
      expectWait(decide({ 'retry-after': formOfTime(time) }, { wallNow }), Math.max(0, toldMs))
    }),
  )
})

test('negative numbers, fractions and other notations are no time', () => {
  const junk = fc.oneof(
    fc.integer({ max: -1 }).map(String),
    fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }).map(String),
    fc.nat().map((value) => `0x${value.toString(16)}`),
    fc.nat().map((value) => `${value}s`),
    fc.nat().map((value) => `+${value}`),
    fc.nat().map((value) => `${value}, ${value}`),
    seconds(year(1970), year(2200)).map((time) => new Date(time).toISOString()),
    seconds(year(1970), year(2200)).map((time) => new Date(time).toUTCString().replace('GMT', 'CET')),
  )
  fc.assert(
    fc.property(junk, (value) => {
      expect(decide({ 'retry-after': value }, { chance: 0.5 })).toEqual({ retry: true, waitMs: BACKOFF_MS / 2 })
    }),
  )
})

test('whatever the fields say, a wait is a number from 0 to the longest one', () => {
  const nearlyDates = fc
    .tuple(form, seconds(year(1900), year(2200)), fc.nat({ max: 40 }), fc.string({ maxLength: 2 }))
    .map(([formOf, time, at, piece]) => {
      const text = formOf(time)
      return text.slice(0, at) + piece + text.slice(at + piece.length)
    })
  const field = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), nearlyDates)
  fc.assert(
    fc.property(field, fc.option(field, { nil: undefined }), fc.nat({ max: 999 }), (value, date, permille) => {
      const headers = { 'retry-after': value, ...(date !== undefined && { date }) }
      const decision = decide(headers, { chance: permille / 1_000 })
      const { waitMs, reason } = { waitMs: 0, reason: 'wait_too_long', ...decision }
      expect(reason).toBe('wait_too_long')
      expect(waitMs).toBeGreaterThanOrEqual(0)
      expect(waitMs).toBeLessThanOrEqual(LONGEST_MS)
    }),
    { numRuns: 1_000 },
  )
})
