import { consecutiveFailures, exponentialBackoff, CircuitBreakerRegistry } from '@switchgear/core'
import { breakerFetch, type BreakerFetchOptions, type HttpStatusError } from '@switchgear/adapters/fetch'
import { ManualClock } from '@switchgear/core/testing'
import { expect, test } from 'vitest'
import { firstFailureOpens, guardWithoutServer } from './guard.ts'

const url = 'https://service.test'
// The clock of these tests starts at 2026-01-01 00:00:00 UTC, a Thursday.

/** For how long the breaker opens on one such response. */
async function openMs(
  headers: Record<string, string>,
  { status = 503, ...options }: BreakerFetchOptions & { status?: number } = {},
): Promise<number | undefined> {
  const { fetch, breaker } = guardWithoutServer(
    {
      ...firstFailureOpens,
      openMs: 1_000,
      fetch: () => Promise.resolve(new Response(null, { status, headers })),
      ...options,
    },
    'https://service.test',
  )
  await fetch(url)
  return breaker.status().retryAfterMs
}

test.each([429, 503])('Retry-After on a %i holds the breaker open', async (status) => {
  expect(await openMs({ 'retry-after': '120' }, { status })).toBe(120_000)
})

test('Retry-After on any other failure says nothing', async () => {
  expect(await openMs({ 'retry-after': '120' }, { status: 500 })).toBe(1_000)
})

test('a Retry-After that is shorter than openMs does not shorten it', async () => {
  expect(await openMs({ 'retry-after': '1' }, { openMs: 60_000 })).toBe(60_000)
})

test.each<[form: string, date: string]>([
  ['IMF-fixdate', 'Thu, 01 Jan 2026 00:02:00 GMT'],
  ['RFC 850', 'Thursday, 01-Jan-26 00:02:00 GMT'],
  ['asctime', 'Thu Jan  1 00:02:00 2026'],
])('a date in the form of %s holds until then', async (_form, date) => {
  expect(await openMs({ 'retry-after': date })).toBe(120_000)
})

test.each<[form: string, date: string]>([
  ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
  ['asctime', 'Sun Nov  6 08:49:37 1994'],
])(
  "a clock that is wrong does no harm: a date in the form of %s counts from the response's own",
  async (_form, date) => {
    expect(await openMs({ 'retry-after': 'Sun, 06 Nov 1994 08:51:37 GMT', date })).toBe(120_000)
  },
)

test('a year of two digits is the one nearest to now', async () => {
  const inAnHour = 'Monday, 01-Jan-01 01:00:00 GMT'
  const clock = new ManualClock({ wallNow: Date.UTC(2101, 0, 1) })
  expect(await openMs({ 'retry-after': inAnHour }, { clock, maxRetryAfterMs: Infinity })).toBe(3_600_000)
  // Else it is over, by decades.
  const inNinetyNine = new ManualClock({ wallNow: Date.UTC(2099, 0, 1) })
  expect(await openMs({ 'retry-after': inAnHour }, { clock: inNinetyNine })).toBe(600_000)
})

test.each([
  '',
  '-5',
  '1.5',
  '120, 120',
  'soon',
  '0x10',
  '1e3',
  '٣',
  '2026-01-01T00:02:00Z',
  'Thu, 01 Jan 2026 00:02:00 CET',
  'Thu, 01 Jan 2026 00:02:00 +0100',
  'Thu, 32 Jan 2026 00:02:00 GMT',
  'Tue, 31 Feb 2026 00:02:00 GMT',
  'Thu, 00 Jan 2026 00:02:00 GMT',
  'Fri, 01 Jam 2027 00:02:00 GMT',
  'Thu, 01 Jan 2026 24:02:00 GMT',
  'Thu, 01 Jan 2026 00:60:00 GMT',
  'Thu, 01 Jan 2026 00:02:61 GMT',
  'Thu, 01 Jan 2026 00:02:00 GMT, or later',
])('"%s" is no Retry-After', async (value) => {
  // As bytes, since a header takes no other letters.
  expect(await openMs({ 'retry-after': Buffer.from(value).toString('latin1') })).toBe(1_000)
})

test('a date that is over holds nothing', async () => {
  const headers = { 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }
  expect(await openMs(headers)).toBe(1_000)
  const { fetch, breaker } = guardWithoutServer(
    { fetch: () => Promise.resolve(new Response(null, { status: 503, headers })) },
    'https://service.test',
  )
  const waits: unknown[] = []
  breaker.on('failure', ({ error }) => void waits.push((error as HttpStatusError).retryAfterMs))
  await fetch(url)
  expect(waits).toEqual([0])
})

test('a Date that is none leaves it to the own clock', async () => {
  expect(await openMs({ 'retry-after': 'Thu, 01 Jan 2026 00:02:00 GMT', date: 'today' })).toBe(120_000)
})

test('a leap second is a time', async () => {
  expect(await openMs({ 'retry-after': 'Thu, 01 Jan 2026 00:01:60 GMT' })).toBe(120_000)
})

test('the hold ends at ten minutes, or at maxRetryAfterMs', async () => {
  expect(await openMs({ 'retry-after': '86400' })).toBe(600_000)
  expect(await openMs({ 'retry-after': '9'.repeat(400) })).toBe(600_000)
  expect(await openMs({ 'retry-after': '86400' }, { maxRetryAfterMs: 5_000 })).toBe(5_000)
  expect(await openMs({ 'retry-after': '86400' }, { maxRetryAfterMs: 0 })).toBe(1_000)
})

test('openMs may be a function or a policy, which still say how long at least', async () => {
  expect(await openMs({ 'retry-after': '2' }, { openMs: ({ attempt }) => attempt * 3_000 })).toBe(3_000)
  expect(await openMs({ 'retry-after': '4' }, { openMs: ({ attempt }) => attempt * 3_000 })).toBe(4_000)
  expect(await openMs({}, { openMs: exponentialBackoff({ initialMs: 7_000, jitter: 0 }) })).toBe(7_000)
})

test('a probe that fails with a Retry-After holds the breaker too', async () => {
  const { clock, fetch, breaker } = guardWithoutServer(
    {
      openMs: 1_000,
      fetch: () => Promise.resolve(new Response(null, { status: 503, headers: { 'retry-after': '90' } })),
    },
    'https://service.test',
  )
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  await fetch(url)
  expect(breaker.status()).toMatchObject({ state: 'open', retryAfterMs: 90_000 })
})

test('what opens the breaker without a Retry-After opens it for openMs', async () => {
  const replies = [{ status: 503, headers: { 'retry-after': '90' } }, { status: 500 }]
  const { fetch, breaker } = guardWithoutServer(
    { trip: consecutiveFailures(2), openMs: 1_000, fetch: () => Promise.resolve(new Response(null, replies.shift())) },
    'https://service.test',
  )
  await fetch(url)
  await fetch(url)
  expect(breaker.status().retryAfterMs).toBe(1_000)
})

test('a short openMs still bounds how long a probe may take', async () => {
  const { clock, fetch, breaker } = guardWithoutServer(
    { openMs: 1_000, fetch: () => new Promise(() => {}) },
    'https://service.test',
  )
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  void fetch(url)
  clock.advance(1_000)
  breaker.tryAcquire()
  expect(breaker.status()).toMatchObject({ state: 'open', totals: { failure: 1 } })
})

test('a registry of its own decides how long to stay open, where breakerFetch is not told', async () => {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock, defaults: { openMs: 7_000, trip: consecutiveFailures(1) } })
  await breakerFetch({ registry, fetch: () => Promise.resolve(new Response(null, { status: 500 })) })(url)
  expect(registry.keyed('fetch').for('https://service.test').status().retryAfterMs).toBe(7_000)
})

test('a Retry-After holds the breakers of a registry of its own too', async () => {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock, defaults: { openMs: 7_000, trip: consecutiveFailures(1) } })
  const reply = (): Response => new Response(null, { status: 503, headers: { 'retry-after': '90' } })
  await breakerFetch({ registry, fetch: () => Promise.resolve(reply()) })(url)
  expect(registry.keyed('fetch').for('https://service.test').status().retryAfterMs).toBe(90_000)
})
