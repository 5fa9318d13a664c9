import { CircuitBreaker, type Verdict } from '@switchgear/core'
import { answer, cutBody, neverAnswer, OpenBody, resetBeforeHeaders, speakNonsense } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { guideTable } from '../guide-table.ts'
import { verdicts } from '../verdicts.ts'
import { nextTurn } from '../waits.ts'
import { guard, type Guard } from './guard.ts'

/** What each row says in words: things that happen to a request, each to one of its own. */
const happenings: Record<string, ((guarded: Guard) => Promise<unknown>)[]> = {
  '5xx, 408, 429': [503, 500, 599, 408, 429].map((status) => ({ server, fetch }) => {
    server.always(answer({ status, body: '' }))
    return fetch(server.url)
  }),
  'any other status': [200, 204, 302, 400, 401, 404, 409, 499].map((status) => async ({ server, fetch }) => {
    server.always(answer({ status, body: '' }))
    await (await fetch(server.url)).text()
  }),
  'a network error: refused, reset, no such host, TLS, broken HTTP (by the `code` of its causes)': [
    ({ server, fetch }) => {
      server.always(resetBeforeHeaders())
      return fetch(server.url)
    },
    ({ server, fetch }) => {
      server.always(speakNonsense())
      return fetch(server.url)
    },
  ],
  'no headers within `timeoutMs`': [
    async ({ server, clock, fetch }) => {
      server.always(neverAnswer())
      const call = fetch(server.url)
      await server.received(1)
      clock.advance(1_000)
      return call
    },
  ],
  "a deadline of the caller passes: `AbortSignal.timeout`, or another breaker's `timeoutMs`": [
    ({ server, fetch }) => {
      server.always(neverAnswer())
      return fetch(server.url, { signal: AbortSignal.timeout(1) })
    },
    ({ server, clock, fetch }) => {
      server.always(neverAnswer())
      const outer = new CircuitBreaker('outer', { timeoutMs: 500, clock })
      const call = outer.execute(({ signal }) => fetch(server.url, { signal }))
      clock.advance(500)
      return call
    },
  ],
  'the body breaks while it is read': [
    async ({ server, fetch }) => {
      server.always(cutBody())
      return (await fetch(server.url)).text()
    },
    async ({ server, fetch }) => {
      const body = new OpenBody()
      server.always(body.reply)
      const reading = (await fetch(server.url)).text()
      body.write('the first part')
      await nextTurn()
      body.reset()
      return reading
    },
  ],
  'the body is not read, is cancelled, or is no JSON': [
    ({ server, fetch }) => fetch(server.url),
    async ({ server, fetch }) => (await fetch(server.url)).body?.cancel(),
    async ({ server, fetch }) => (await fetch(server.url)).json(),
  ],
  'the caller aborts, with whatever reason': [undefined, new Error('the user left'), 'a string'].map(
    (reason) =>
      async ({ server, fetch }) => {
        server.always(neverAnswer())
        const controller = new AbortController()
        const call = fetch(server.url, { signal: controller.signal })
        controller.abort(reason)
        return call
      },
  ),
  'the caller is wrong: bad method, header or body, forbidden port, endless redirects': [
    ({ server, fetch }) => fetch(server.url, { method: 'not a method' }),
    ({ server, fetch }) => fetch(server.url, { headers: { 'not a header': 'x' } }),
    ({ server, fetch }) => fetch(server.url, { method: 'POST', body: new ReadableStream() }),
    ({ server, fetch }) => {
      server.always(answer({ status: 302, headers: { location: '/again' } }))
      return fetch(server.url)
    },
  ],
  'the URL is none, or the signal is aborted before': [
    ({ fetch }) => fetch('not a url'),
    ({ server, fetch }) => fetch(server.url, { signal: AbortSignal.abort() }),
  ],
}

const table = guideTable('fetch', 'What counts as a failure')

test('each row of the table of the guide is tried here, or where it says', () => {
  // That one needs another breaker in the place of the network: classification.test.ts has it.
  expect([...Object.keys(happenings), 'another breaker further in rejects the request'].toSorted()).toEqual(
    [...table.keys()].toSorted(),
  )
})

for (const [what, [counts = '', type = '']] of table) {
  const verdict = /^(success|failure|ignored|not at all)/.exec(counts)?.[1]
  test.each((happenings[what] ?? []).map((happen, i) => [i + 1, happen] as const))(
    `${what}: ${counts} (%i)`,
    async (i, happen) => {
      const guarded = await guard({ timeoutMs: 1_000 })
      await happen(guarded).catch(() => {})
      await nextTurn()
      const none: Record<Verdict | 'active', number> = { success: 0, failure: 0, ignored: 0, active: 0 }
      expect(verdicts(guarded.breaker)).toEqual({ ...none, ...(verdict !== 'not at all' && { [String(verdict)]: 1 }) })
      // The table names the type of the first example.
      if (i === 1 && type !== '') {
        expect(Object.keys(guarded.breaker.status().failuresByType)).toEqual([type.replaceAll('`', '')])
      }
    },
  )
}
