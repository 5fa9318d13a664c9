import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { classifyGcs, guardBucket } from '@switchgear/adapters/gcs'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { cutBody, neverAnswer, OpenBody, resetBeforeHeaders } from '@switchgear/testkit'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, test, vi } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { closed, NONE, type Scene, startScene, TIMEOUT_MS } from './scene.ts'

type Play = (scene: Scene) => Promise<unknown>

/** What happens, as the guide has it, and ways in which it does. */
const stories: Readonly<Record<string, readonly Play[]>> = {
  '5xx, 408, 429': [500, 502, 503, 504, 599, 408, 429].map((status) => answering(status)),
  'a network error: refused, reset, no such host, TLS': [
    ({ gcs, file }) => {
      gcs.server.always(resetBeforeHeaders())
      return rejection(file.getMetadata())
    },
    async ({ gcs, file }) => {
      await gcs[Symbol.asyncDispose]()
      await rejection(file.getMetadata())
    },
  ],
  'a download that breaks off': [
    ({ gcs, file }) => {
      gcs.server.always(cutBody())
      return rejection(file.download())
    },
  ],
  'a resumable upload that breaks off after its session was made': [
    ({ gcs, file }) => {
      gcs.server.next(gcs.reply, gcs.resetUploadAfter(3))
      return rejection(file.save('content'))
    },
    ({ gcs, file }) => {
      gcs.server.next(gcs.reply, gcsError(503))
      return rejection(file.save('content'))
    },
  ],
  'nothing moves for `timeoutMs`': [
    async ({ gcs, clock, file }) => {
      gcs.server.always(neverAnswer())
      const call = rejection(file.exists())
      await gcs.server.received(1)
      clock.advance(TIMEOUT_MS)
      await call
    },
  ],
  "a deadline of the caller passes: `AbortSignal.timeout`, or another breaker's `timeoutMs`": [
    async ({ gcs, original, breaker }) => {
      gcs.server.always(neverAnswer())
      await rejection(guardBucket(original, breaker, { signal: AbortSignal.timeout(1) }).getFiles())
    },
  ],
  'any other status, such as 404, 409, 412, 416': [400, 404, 409, 410, 412, 413, 416].map((status) =>
    answering(status),
  ),
  '`exists()` says false': [({ bucket }) => bucket.file('missing').exists()],
  '401, 403': [401, 403].map((status) => answering(status)),
  'a wrong checksum; content that does not decompress': [
    ({ gcs, file }) => {
      gcs.get('bucket', 'object')?.corrupt()
      return rejection(file.download())
    },
    ({ gcs, file }) => {
      gcs.corruptsUploads = true
      return rejection(file.save('content'))
    },
    ({ gcs, file }) => {
      gcs.put('bucket', 'object', 'no gzip', { contentEncoding: 'gzip' })
      return rejection(file.download())
    },
  ],
  'the caller aborts, with whatever reason': [
    async ({ gcs, original, breaker }) => {
      gcs.server.always(neverAnswer())
      const controller = new AbortController()
      const call = rejection(guardBucket(original, breaker, { signal: controller.signal }).getFiles())
      await gcs.server.received(1)
      controller.abort(Object.assign(new Error('the user left'), { code: 'ECONNRESET' }))
      await call
    },
  ],
  'the caller destroys a stream, or the rest of its pipeline breaks': [
    async ({ gcs, file }) => {
      const body = new OpenBody()
      gcs.server.always(body.reply)
      const stream = file.createReadStream()
      await once(stream.resume(), 'response')
      stream.destroy()
      await closed(stream)
    },
    ({ file }) => {
      async function* source(): AsyncGenerator<string> {
        yield 'some'
        await nextTurn()
        throw withCode('ECONNRESET')
      }
      return rejection(pipeline(source, file.createWriteStream()))
    },
  ],
  'local trouble: a file that is not there, a wrong argument': [
    ({ bucket }) => rejection(bucket.upload('/missing/file')),
    ({ file }) => rejection(file.copy('')),
  ],
}

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/google-cloud-storage.md'), 'utf8')
const rows = [
  ...guide.matchAll(/^\| (?<what>[^|]+?) +\| (?<verdict>success|failure|ignored) +\| (?<type>[^|]*?) *\|$/gm),
].map(({ groups }) => groups as { what: string; verdict: 'success' | 'failure' | 'ignored'; type: string })

test('the guide has a row for each thing that happens', () => {
  expect(rows.map(({ what }) => what)).toEqual(Object.keys(stories))
})

test.each(rows)('$what: $verdict', async ({ what, verdict, type }) => {
  for (const [index, play] of (stories[what] ?? []).entries()) {
    const scene = await startScene({ breaker: { trip: consecutiveFailures(100) } })
    await play(scene)
    await vi.waitUntil(() => scene.breaker.status().totals.active === 0)
    expect(verdicts(scene.breaker)).toEqual({ ...NONE, [verdict]: 1 })
    if (index === 0 && type !== '') {
      expect(`\`${Object.keys(scene.breaker.status().failuresByType).join()}\``).toBe(type)
    }
  }
})

test.each([
  ['a status that is text', { code: '503' }, 'failure'],
  ['a status beside a code of another kind', { code: 'ERR_BAD_RESPONSE', status: 404 }, 'success'],
  ['a code of the network among the causes', new Error('wrapped', { cause: withCode('EAI_AGAIN') }), 'failure'],
  ['a number that is no status', { code: 7 }, 'ignored'],
  ['a code that is not known', withCode('ERR_INVALID_ARG_TYPE'), 'ignored'],
  ['an error that says it in words', new Error('503 ECONNRESET'), 'ignored'],
  ['a time limit of a breaker further in', withCode('ERR_CIRCUIT_TIMEOUT'), 'failure'],
  ['nothing', undefined, 'ignored'],
] as const)('%s is judged by its code alone', (_what, error, verdict) => {
  expect(classifyGcs({ error })).toBe(verdict)
})

test('an error that is hostile to being looked at is ignored', () => {
  const explode = (): never => {
    throw new Error('do not touch')
  }
  expect(classifyGcs({ error: new Proxy({}, { get: explode, has: explode }) })).toBe('ignored')
})

test('classifyGcs makes execute judge what the guard leaves alone', async () => {
  const { gcs, original } = await startScene()
  const breaker = new CircuitBreaker('gcs', { classify: classifyGcs })
  const file = original.file('object')
  await breaker.execute(() => file.setMetadata({ contentType: 'text/plain' }))
  gcs.server.next(gcsError(404), gcsError(503), gcsError(403))
  for (let i = 0; i < 3; i++) await rejection(breaker.execute(() => file.setMetadata({})))
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2, failure: 1, ignored: 1 })
})

test('a guard whose breaker has classifyGcs knows what it knows without', async () => {
  const { gcs, file, breaker } = await startScene({ breaker: { classify: classifyGcs } })
  gcs.server.next(gcs.reply, gcsError(503))
  await rejection(file.save('content'))
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test("the breaker's own classify has the last word", async () => {
  const durations: number[] = []
  const { gcs, clock, file, breaker } = await startScene({
    breaker: {
      classify({ error, value }, durationMs) {
        durations.push(durationMs)
        if (Array.isArray(value)) return value[0] === false ? 'failure' : 'ignored'
        return (error as { code?: number } | undefined)?.code === 404 ? 'failure' : undefined
      },
    },
  })
  gcs.server.next((request, response) => {
    clock.advance(250)
    gcs.reply(request, response)
  })
  await file.exists()
  gcs.server.next(gcsError(404), gcsError(404), gcsError(503))
  await file.exists()
  await rejection(file.download())
  await rejection(file.download())
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1, failure: 3 })
  expect(durations[0]).toBe(250)
})

test('a classify that throws, or gives no verdict, is a failure and is told once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const broken = [
    () => {
      throw new Error('classify is broken')
    },
    () => Promise.reject(new Error('classify is async')),
  ]
  for (const classify of broken) {
    const { file, breaker } = await startScene({ breaker: { classify: classify as unknown as () => undefined } })
    for (let i = 0; i < 2; i++) expect(await file.exists()).toEqual([true])
    expect(verdicts(breaker)).toEqual({ ...NONE, failure: 2 })
  }
  await nextTurn()
  expect(warn).toHaveBeenCalledTimes(2)
  warn.mockRestore()
})

function answering(status: number): Play {
  return ({ gcs, file }) => {
    gcs.server.always(gcsError(status))
    return rejection(file.download())
  }
}

function withCode(code: string): Error {
  return Object.assign(new Error('of some kind'), { code })
}
