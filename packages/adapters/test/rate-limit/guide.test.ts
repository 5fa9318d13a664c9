import { isCircuitOpenError } from '@switchgear/core'
import { answer, neverAnswer, resetBeforeHeaders } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { guideTable } from '../guide-table.ts'
import { limit, type Limit, limited } from './limit.ts'

/** What each row says in words: things that happen to a request, each to one of its own. */
const happenings: Record<string, ((limit: Limit) => Promise<unknown>)[]> = {
  'a 429': [
    ({ server, limiter }) => {
      server.next(limited('121'))
      return limiter.fetch(server.url)
    },
  ],
  'any other status, a 503 too': [200, 304, 404, 503].map((status) => ({ server, limiter }) => {
    server.next(answer({ status, body: '' }))
    return limiter.fetch(server.url)
  }),
  'a network error, an abort, a deadline': [
    ({ server, limiter }) => {
      server.next(resetBeforeHeaders())
      return limiter.fetch(server.url)
    },
    ({ server, limiter }) => {
      server.next(neverAnswer())
      const controller = new AbortController()
      const call = limiter.fetch(server.url, { signal: controller.signal })
      controller.abort()
      return call
    },
    ({ server, limiter }) => {
      server.next(neverAnswer())
      return limiter.fetch(server.url, { signal: AbortSignal.timeout(1) })
    },
  ],
  'the breaker is open': [
    async ({ server, limiter, breaker }) => {
      breaker.trip({ reason: 'test' })
      const error: unknown = await limiter.fetch(server.url).catch((thrown: unknown) => thrown)
      expect([isCircuitOpenError(error), server.connections]).toEqual([true, 0])
    },
  ],
  'the signal is aborted before': [({ server, limiter }) => limiter.fetch(server.url, { signal: AbortSignal.abort() })],
}

const table = guideTable('rate-limits', 'What counts')

test('each row of the table of the guide is tried here', () => {
  expect(Object.keys(happenings)).toEqual([...table.keys()])
})

for (const [what, [counts = '']] of table) {
  test.each((happenings[what] ?? []).map((happen) => [happen] as const))(`${what}: ${counts}`, async (happen) => {
    const made = await limit()
    await happen(made).catch(() => {})
    const { success, failure, ignored, active } = made.breaker.status().totals
    const rejected = made.breaker.status().rejections.open
    const none = { success: 0, failure: 0, ignored: 0, rejected: 0, active: 0 }
    expect({ success, failure, ignored, rejected, active }).toEqual({
      ...none,
      ...(counts !== 'not at all' && { [counts]: 1 }),
    })
  })
}
