import { CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures, type Verdict } from '@switchgear/core'
import { type BreakerInterceptor, breakerInterceptor } from '@switchgear/adapters/undici'
import { answer, cutBody, neverAnswer, OpenBody, resetBeforeHeaders, speakNonsense } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { guideTable } from '../guide-table.ts'
import { verdicts } from '../verdicts.ts'
import { type Company, guard, type Guard, type Undici, versions } from './guard.ts'

type Happening = (guarded: Guard) => Promise<unknown>

/** What each row says in words: things that happen to a request, each to one of its own. */
const happenings: Record<string, Happening[]> = {
  '5xx, 408, 429, of an upgrade or a tunnel too': [
    ...[503, 500, 599, 408, 429].map((status): Happening => ({ server, get }) => {
      server.always(answer({ status, body: '' }))
      return get()
    }),
    ({ server, dispatcher }) => {
      server.always(answer({ status: 502, body: '' }))
      return dispatcher.upgrade({ origin: server.url, path: '/' } as never)
    },
  ],
  // Upgrades and tunnels that are made: untouched.test.ts has them.
  'any other status from 200 on, and 101': [200, 204, 302, 400, 401, 404, 409, 499].map(
    (status): Happening =>
      ({ server, get }) => {
        server.always(answer({ status, body: '' }))
        return get()
      },
  ),
  'a network error: refused, reset, no such host, TLS, broken HTTP (by its `code` and those of its causes)': [
    resetBeforeHeaders(),
    speakNonsense(),
  ].map((reply): Happening => ({ server, get }) => {
    server.always(reply)
    return get()
  }),
  "no connection and headers within `timeoutMs`, or undici's own time limits": [
    async ({ server, clock, get }) => {
      server.always(neverAnswer())
      const call = get()
      await server.received(1)
      clock.advance(1_000)
      return call
    },
    ({ server, get }) => {
      server.always(neverAnswer())
      return get({ headersTimeout: 1 })
    },
    ({ server, get }) => {
      server.always(new OpenBody().reply)
      return get({ bodyTimeout: 1 })
    },
  ],
  "a deadline of the caller passes: `AbortSignal.timeout`, or another breaker's `timeoutMs`": [
    ({ server, get }) => {
      server.always(neverAnswer())
      return get({ signal: AbortSignal.timeout(1) })
    },
    async ({ server, clock, get }) => {
      server.always(neverAnswer())
      const outer = new CircuitBreaker('outer', { timeoutMs: 500, clock })
      const call = outer.execute(({ signal }) => get({ signal }))
      await server.received(1)
      clock.advance(500)
      return call
    },
  ],
  'the body breaks off': [
    ({ server, get }) => {
      server.always(cutBody())
      return get()
    },
    async ({ server, dispatcher }) => {
      const body = new OpenBody()
      server.always(body.reply)
      const response = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
      body.reset()
      return response.body.text()
    },
  ],
  'the body of a good answer is destroyed, dumped or cancelled': [
    async ({ server, dispatcher }) => {
      server.always(new OpenBody().reply)
      const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
      body.on('error', () => {}).destroy()
    },
    async ({ server, dispatcher }) => {
      server.always(answer({ body: 'a'.repeat(1_000_000) }))
      const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
      return body.dump({ limit: 1_000 })
    },
    async ({ undici, server, dispatcher }) => {
      server.always(new OpenBody().reply)
      return (await undici.fetch(server.url, { dispatcher })).body?.cancel()
    },
  ],
  "the caller's signal aborts, or its `fetch` before there is an answer": [
    undefined,
    new Error('the user left'),
  ].flatMap((reason): Happening[] => [
    async ({ server, get }) => {
      server.always(neverAnswer())
      const controller = new AbortController()
      const call = get({ signal: controller.signal })
      await server.received(1)
      controller.abort(reason)
      return call
    },
    async ({ undici, server, dispatcher }) => {
      server.always(neverAnswer())
      const controller = new AbortController()
      const call = undici.fetch(server.url, { dispatcher, signal: controller.signal })
      await server.received(1)
      controller.abort(reason)
      return call
    },
  ]),
  'the caller is wrong: bad method, header, path or body': [
    ({ get }) => get({ method: 'not a method' }),
    ({ get }) => get({ headers: { 'not a header': 'x' } }),
    ({ get }) => get({ path: 'no path' }),
    ({ get }) => get({ method: 'PUT', body: 5 as never }),
    ({ get }) => get({ method: 'PUT', body: 'too long', headers: { 'content-length': '2' } }),
  ],
  'the signal is aborted before': [
    ({ get }) => get({ signal: AbortSignal.abort() }),
    ({ undici, server, dispatcher }) => undici.fetch(server.url, { dispatcher, signal: AbortSignal.abort() }),
  ],
}

/** Rows that are about what stands further in: company.test.ts has more of them. */
const inside: Record<string, { around: (undici: Undici) => Company; verdict: Verdict; type?: string }> = {
  'retries inside give up (`UND_ERR_REQ_RETRY`)': {
    around: ({ interceptors }) => ({ inside: [interceptors.retry({ maxRetries: 0 })] }),
    verdict: 'failure',
    type: '503',
  },
  'another breaker further in rejects the request': {
    around: () => ({ inside: [opened()] }),
    verdict: 'ignored',
  },
}

const table = guideTable('undici', 'What counts as a failure')

test('each row of the table of the guide is tried here', () => {
  expect([...Object.keys(happenings), ...Object.keys(inside)].toSorted()).toEqual([...table.keys()].toSorted())
})

for (const [version, undici] of versions) {
  for (const [what, [counts = '', type = '']] of table) {
    const verdict = /^(success|failure|ignored|not at all)/.exec(counts)?.[1]
    test.each((happenings[what] ?? []).map((happen, i) => [i + 1, happen] as const))(
      `${version}: ${what}: ${counts} (%i)`,
      async (i, happen) => {
        const guarded = await guard(undici, { timeoutMs: 1_000 })
        await happen(guarded).catch(() => {})
        await settled(guarded)
        expect(verdicts(guarded.breaker)).toEqual({
          ...none,
          ...(verdict !== 'not at all' && { [String(verdict)]: 1 }),
        })
        // The table names the type of the first example.
        if (i === 1 && type !== '') expect(typesOf(guarded)).toEqual([type.replaceAll('`', '')])
      },
    )
  }

  test.each(Object.entries(inside))(`${version}: %s`, async (what, { around, verdict, type }) => {
    const guarded = await guard(undici, {}, around(undici))
    guarded.server.always(answer({ status: 503, body: '' }))
    await guarded.get().catch(() => {})
    expect(verdicts(guarded.breaker)).toEqual({ ...none, [verdict]: 1 })
    expect(typesOf(guarded)).toEqual(type === undefined ? [] : [type])
    const [counts, evidence] = table.get(what) ?? []
    expect([counts, evidence]).toEqual(type === undefined ? [verdict, ''] : ['by its status', `\`${type}\``])
  })
}

const none: Record<Verdict | 'active', number> = { success: 0, failure: 0, ignored: 0, active: 0 }

function typesOf({ breaker }: Guard): string[] {
  return Object.keys(breaker.status().failuresByType)
}

async function settled({ breaker }: Guard): Promise<void> {
  while (verdicts(breaker).active > 0) await new Promise((resolve) => setImmediate(resolve))
}

function opened(): BreakerInterceptor {
  const registry = new CircuitBreakerRegistry()
  const interceptor = breakerInterceptor({ registry, key: () => 'all', trip: consecutiveFailures(1) })
  // Its error has a network error for its cause.
  const breaker = registry.keyed('undici').for('all')
  breaker.acquire().failure(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
  return interceptor
}
