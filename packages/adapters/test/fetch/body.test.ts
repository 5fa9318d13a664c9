import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BreakerFetchOptions } from '@switchgear/adapters/fetch'
import { answer, cutBody, OpenBody } from '@switchgear/testkit'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { nextTurn } from '../waits.ts'
import { guard, guardWithoutServer } from './guard.ts'

const cut = { success: 0, failure: 1, ignored: 0, active: 0 }
const whole = { success: 1, failure: 0, ignored: 0, active: 0 }
const waiting = { success: 0, failure: 0, ignored: 0, active: 1 }

/** Each way to read a body to its end. */
const readers: Record<string, (response: Response) => Promise<unknown>> = {
  'text()': (response) => response.text(),
  'json()': (response) => response.json(),
  'arrayBuffer()': (response) => response.arrayBuffer(),
  'blob()': (response) => response.blob(),
  'bytes()': (response) => response.bytes(),
  'formData()': (response) => response.formData(),
  'clone().text()': (response) => response.clone().text(),
  'text() after a look at body': (response) => (response.body === null ? Promise.reject(new Error()) : response.text()),
  'a reader of body': async ({ body }) => {
    const reader = streamOf(body).getReader()
    while (!(await reader.read()).done);
  },
  'a reader of body, with read() alone': async ({ body }) => {
    const reader = streamOf(body).getReader()
    for (;;) {
      const { done } = await reader.read()
      if (done) return reader.releaseLock()
    }
  },
  'for await over body': async ({ body }) => {
    for await (const _chunk of streamOf(body));
  },
  'body.pipeTo()': ({ body }) => streamOf(body).pipeTo(new WritableStream()),
  'body.pipeThrough()': async ({ body }) => {
    for await (const _text of streamOf(body).pipeThrough(new TextDecoderStream()));
  },
  'a branch of body.tee()': async ({ body }) => {
    const [branch] = streamOf(body).tee()
    for await (const _chunk of branch);
  },
  'the body after a clone': async (response) => {
    response.clone()
    for await (const _chunk of streamOf(response.body));
  },
  'Readable.fromWeb()': async ({ body }) => {
    for await (const _chunk of Readable.fromWeb(streamOf(body) as never));
  },
  'a pipeline of Node': ({ body }) => pipeline(streamOf(body) as never, new Sink()),
  'a Response made of the body': ({ body }) => new Response(body).text(),
}

for (const [way, read] of Object.entries(readers)) {
  test(`${way}: a body that is cut is a failure`, async () => {
    const { server, fetch, breaker } = await guard()
    server.always(cutBody({ headers: { 'content-type': 'multipart/form-data; boundary=x' } }))
    const response = await fetch(server.url)
    await rejection(read(response))
    await nextTurn()
    expect(verdicts(breaker)).toEqual(cut)
    await server.drained()
  })

  test(`${way}: a whole body is a success, once it is there`, async () => {
    const { server, fetch, breaker } = await guard()
    const body = new OpenBody({ headers: { 'content-type': 'multipart/form-data; boundary=x' } })
    server.always(body.reply)
    const response = await fetch(server.url)
    const reading = read(response).catch((error: unknown) => error)
    body.write('1')
    await nextTurn()
    expect(verdicts(breaker)).toEqual(waiting)
    body.end()
    await reading
    await nextTurn()
    expect(verdicts(breaker)).toEqual(whole)
  })
}

test('five bodies that are cut open the breaker, also when they are read side by side', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(cutBody())
  await Promise.all(Array.from({ length: 5 }, async () => rejection((await fetch(server.url)).text())))
  expect(breaker.state).toBe('open')
})

test('a cut body says under its code how it broke', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(cutBody())
  await rejection((await fetch(server.url)).text())
  const [failure] = breaker.status().recentFailures
  expect(failure?.type).toMatch(/^UND_ERR_/)
})

test('a connection that is reset in the body is a failure', async () => {
  const { server, fetch, breaker } = await guard()
  const body = new OpenBody()
  server.always(body.reply)
  const response = await fetch(server.url)
  const reading = rejection(response.text())
  body.write('{')
  body.reset()
  await reading
  expect(verdicts(breaker)).toEqual(cut)
})

test('a body that does not decompress is a failure', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ headers: { 'content-encoding': 'gzip' }, body: 'this is no gzip' }))
  await rejection((await fetch(server.url)).text())
  expect(breaker.status()).toMatchObject({ totals: cut, failuresByType: { Z_DATA_ERROR: 1 } })
})

test('a body that is no JSON has come whole', async () => {
  const { server, fetch, breaker } = await guard()
  expect(await rejection((await fetch(server.url)).json())).toBeInstanceOf(SyntaxError)
  expect(verdicts(breaker)).toEqual(whole)
})

test('the body of an answer that is a failure is not waited for, and can be read', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(answer({ status: 503, body: 'why' }))
  const response = await fetch(server.url)
  expect(verdicts(breaker)).toEqual(cut)
  expect(await response.text()).toBe('why')
  expect(verdicts(breaker)).toEqual(cut)
})

test('an answer without a body is judged at once', async () => {
  const { server, fetch, breaker } = await guard()
  server.next(answer({ status: 204, body: '' }))
  await fetch(server.url)
  expect(verdicts(breaker)).toEqual(whole)
  await fetch(server.url, { method: 'HEAD' })
  expect(verdicts(breaker)).toEqual({ ...whole, success: 2 })
})

test('a body that nobody reads is judged by its headers, and can be read later', async () => {
  const { server, fetch, breaker } = await guard()
  const response = await fetch(server.url)
  await nextTurn()
  expect(verdicts(breaker)).toEqual(whole)
  expect(await response.text()).toBe('ok')
  expect(verdicts(breaker)).toEqual(whole)
})

test('a body that somebody has taken is waited for, however late it is read', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(cutBody())
  const { body } = await fetch(server.url)
  await nextTurn()
  expect(verdicts(breaker)).toEqual(waiting)
  await rejection(streamOf(body).pipeTo(new WritableStream()))
  expect(verdicts(breaker)).toEqual(cut)
})

test('a cut body that is streamed on by another request is a failure', async () => {
  const { server, fetch, breaker } = await guard()
  const { server: other } = await guard()
  server.always(cutBody())
  const { body } = await fetch(server.url)
  await rejection(globalThis.fetch(other.url, { method: 'POST', body, duplex: 'half' }))
  expect(verdicts(breaker)).toEqual(cut)
})

test('a body that was taken by a probe, and is not read, is judged by its headers', async () => {
  const { clock, server, fetch, breaker } = await guard({ halfOpen: { successesToClose: 1 } })
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  const { body } = await fetch(server.url)
  await nextTurn()
  expect(breaker.state).toBe('closed')
  await body?.cancel()
})

test('a body that is cancelled is a success', async () => {
  const { server, fetch, breaker } = await guard()
  server.always(new OpenBody().reply)
  const response = await fetch(server.url)
  await response.body?.cancel()
  await nextTurn()
  expect(verdicts(breaker)).toEqual(whole)
  await server.drained()
})

test('a body that is left in the middle is a success', async () => {
  const { server, fetch, breaker } = await guard()
  const body = new OpenBody()
  server.always(body.reply)
  const response = await fetch(server.url)
  body.write('enough')
  for await (const _chunk of streamOf(response.body)) break
  expect(verdicts(breaker)).toEqual(whole)
  await server.drained()
})

test('a reader that lets go before the end leaves it at what the headers said', async () => {
  const { server, fetch, breaker } = await guard()
  const body = new OpenBody()
  server.always(body.reply)
  const response = await fetch(server.url)
  const reader = streamOf(response.body).getReader()
  reader.releaseLock()
  await nextTurn()
  expect(verdicts(breaker)).toEqual(whole)
  body.write('still there')
  body.end()
  expect(await response.text()).toBe('still there')
})

test('a pipe that breaks at its other end says nothing against the service', async () => {
  const { server, fetch, breaker } = await guard()
  const body = new OpenBody()
  server.always(body.reply)
  const response = await fetch(server.url)
  const gone = Object.assign(new Error('the reader has left'), { code: 'ECONNRESET' })
  const piping = streamOf(response.body).pipeTo(
    new WritableStream({
      write() {
        throw gone
      },
    }),
  )
  body.write('1')
  expect(await rejection(piping)).toBe(gone)
  expect(verdicts(breaker)).toEqual(whole)
  await server.drained()
})

test("the caller's abort in the middle of a body is ignored", async () => {
  const { server, fetch, breaker } = await guard()
  server.always(new OpenBody().reply)
  const controller = new AbortController()
  const response = await fetch(server.url, { signal: controller.signal })
  const reading = rejection(response.text())
  controller.abort(new Error('the user left'))
  await reading
  expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
  await server.drained()
})

test('a second read that is not allowed says nothing against the service', async () => {
  const { server, fetch, breaker } = await guard()
  const response = await fetch(server.url)
  await response.text()
  expect(await rejection(response.text())).toBeInstanceOf(TypeError)
  expect(verdicts(breaker)).toEqual(whole)
})

test('a body that classify has read is not waited for when the caller asks for it too', async () => {
  const { server, fetch, breaker } = await guard({
    classify: ({ value }) => void (value as Response).text().catch(() => {}),
  })
  const response = await fetch(server.url)
  expect(await rejection(response.text())).toBeInstanceOf(TypeError)
  await nextTurn()
  expect(verdicts(breaker)).toEqual(whole)
})

test.each([false, true])(
  'a body that is being read as a stream is not given up by a second read (begun: %s)',
  async (isBegun) => {
    const { server, fetch, breaker } = await guard()
    const body = new OpenBody()
    server.always(body.reply)
    const response = await fetch(server.url)
    const reader = streamOf(response.body).getReader()
    body.write('1')
    if (isBegun) await reader.read()
    expect(await rejection(response.text())).toBeInstanceOf(TypeError)
    expect(verdicts(breaker)).toEqual(waiting)
    body.reset()
    await rejection(reader.closed)
    expect(verdicts(breaker)).toEqual(cut)
  },
)

test('a method that is torn off its response rejects, as it does without a breaker', async () => {
  const { server, fetch } = await guard()
  const { text } = await fetch(server.url)
  const torn: (this: unknown) => Promise<string> = text
  expect(await rejection(torn.call(undefined))).toBeInstanceOf(TypeError)
})

test('the body is the same stream, with the same methods, each time it is looked at', async () => {
  const { server, fetch } = await guard()
  const response = await fetch(server.url)
  const stream = streamOf(response.body)
  const getReader: unknown = Reflect.get(stream, 'getReader')
  expect(streamOf(response.body)).toBe(stream)
  expect(Reflect.get(streamOf(response.body), 'getReader')).toBe(getReader)
})

test('streams have the errors that they have without a breaker', async () => {
  const { server, fetch } = await guard()
  const stream = streamOf((await fetch(server.url)).body)
  stream.getReader()
  expect(() => stream.getReader()).toThrow(TypeError)
  expect(() => stream.tee()).toThrow(TypeError)
  expect(() => stream.pipeThrough(new TextDecoderStream() as never)).toThrow(TypeError)
  const theirs = new ReadableStream()
  theirs.getReader()
  expect(await rejection(stream.pipeTo(new WritableStream()))).toEqual(
    await rejection(theirs.pipeTo(new WritableStream())),
  )
})

test('a stream that goes on and on does not keep the breaker from closing', async () => {
  const { server, clock, fetch, breaker } = await guard({ halfOpen: { successesToClose: 3, maxConcurrent: 1 } })
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  const bodies = Array.from({ length: 3 }, () => new OpenBody())
  server.next(...bodies.map(({ reply }) => reply))
  const readings = []
  for (const body of bodies) {
    const reader = streamOf((await fetch(server.url)).body).getReader()
    body.write('and on')
    readings.push(await reader.read())
  }
  expect(breaker.state).toBe('closed')
  clock.advance(3_600_000)
  expect(breaker.state).toBe('closed')
  expect(verdicts(breaker)).toMatchObject({ success: 3, active: 0 })
})

test('probes whose bodies nobody reads close the breaker', async () => {
  const { clock, server, fetch, breaker } = await guard()
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  for (let i = 0; i < 3; i++) {
    await fetch(server.url)
    await nextTurn()
  }
  expect(breaker.state).toBe('closed')
})

test('a probe whose body is cut opens the breaker again', async () => {
  const { clock, server, fetch, breaker } = await guard()
  server.always(cutBody())
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  await rejection((await fetch(server.url)).text())
  expect(breaker.state).toBe('open')
})

test('a body that breaks after the breaker has opened moves nothing', async () => {
  const { server, clock, fetch, breaker } = await guard()
  const body = new OpenBody()
  server.always(body.reply)
  const reading = rejection((await fetch(server.url)).text())
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  breaker.reset()
  body.reset()
  await reading
  expect(breaker.status()).toMatchObject({ state: 'closed', totals: { stale: 1, active: 0 }, recentFailures: [] })
})

test.each([false, true])(
  'a response that is dropped unread frees its socket, and was a success, when it is collected (body looked at: %s)',
  async (looks) => {
    const { server, fetch, breaker } = await guard()
    server.always(new OpenBody().reply)
    await (async () => {
      const response = await fetch(server.url)
      if (looks) expect(response.body).not.toBeNull()
    })()
    while (server.openSockets > 0 || verdicts(breaker).active > 0) {
      await nextTurn()
      collectGarbage()
    }
    expect(verdicts(breaker)).toEqual(whole)
  },
)

test('so was one of a fetch that does not cancel what is collected', async () => {
  const { fetch, breaker } = guardWithoutServer(
    { fetch: async () => new Response(new ReadableStream()) },
    'https://service.test',
  )
  await (async () => {
    expect((await fetch('https://service.test')).body).not.toBeNull()
  })()
  while (verdicts(breaker).active > 0) {
    await nextTurn()
    collectGarbage()
  }
  expect(verdicts(breaker)).toEqual(whole)
})

test.each<[string, BreakerFetchOptions]>([
  ['no time limit', {}],
  ['a time limit', { timeoutMs: 60_000 }],
])("a stream is collected that a listener on the caller's signal leads to (%s)", async (_what, options) => {
  const { server, fetch } = await guard(options)
  const streams: WeakRef<object>[] = []
  await (async () => {
    const { signal } = new AbortController()
    const stream = streamOf((await fetch(server.url, { signal })).body)
    signal.addEventListener('abort', () => void stream.cancel())
    for await (const _chunk of stream);
    streams.push(new WeakRef(stream))
  })()
  while (streams[0]?.deref() !== undefined) {
    await nextTurn()
    collectGarbage()
  }
})

test.each<[string, BreakerFetchOptions]>([
  ['no time limit', {}],
  ['a time limit', { timeoutMs: 60_000 }],
])('a breaker inside another one is told what becomes of a body, as that one is (%s)', async (_what, options) => {
  const { server, fetch: inner, breaker } = await guard()
  const { fetch, breaker: outer } = guardWithoutServer({ fetch: inner, ...options }, server.url)
  const unread = await fetch(server.url)
  await nextTurn()
  expect([verdicts(breaker), verdicts(outer)]).toEqual([whole, whole])
  await unread.text()
  server.always(cutBody())
  const { body } = await fetch(server.url)
  await nextTurn()
  await rejection(streamOf(body).pipeTo(new WritableStream()))
  const both = { ...cut, success: 1 }
  expect([verdicts(breaker), verdicts(outer)]).toEqual([both, both])
})

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

class Sink extends Writable {
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done()
  }
}

function streamOf(body: ReadableStream | null): ReadableStream<Uint8Array> {
  if (body === null) throw new Error('there is no body')
  return body as ReadableStream<Uint8Array>
}
