import { PassThrough, type Readable } from 'node:stream'
import type { Verdict } from '@switchgear/core'
import { answer, cutBody, OpenBody } from '@switchgear/testkit'
import { describe, expect, test } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, type Guard, versions } from './guard.ts'

const none: Record<Verdict | 'active', number> = { success: 0, failure: 0, ignored: 0, active: 0 }

async function bodyOf({ dispatcher, server }: Guard, options: { signal?: AbortSignal } = {}): Promise<Readable> {
  const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET', ...options })
  return body.on('error', () => {})
}

/** Resolves when the call is over. */
async function settled({ breaker }: Guard): Promise<void> {
  while (verdicts(breaker).active > 0) await nextTurn()
}

describe.each(versions)('%s:', (_version, undici) => {
  test('the verdict on a good answer waits for its body', async () => {
    const guarded = await guard(undici)
    const open = new OpenBody()
    guarded.server.always(open.reply)
    const body = await bodyOf(guarded)
    open.write('1')
    await nextTurn()
    expect(verdicts(guarded.breaker)).toEqual({ ...none, active: 1 })
    open.end()
    await body.toArray()
    expect(verdicts(guarded.breaker)).toEqual({ ...none, success: 1 })
  })

  test('a body that is cut is a failure, be it read or not', async () => {
    const guarded = await guard(undici)
    guarded.server.always(cutBody())
    const unread = await bodyOf(guarded)
    await settled(guarded)
    await rejection((await bodyOf(guarded)).toArray())
    expect(verdicts(guarded.breaker)).toEqual({ ...none, failure: 2 })
    unread.destroy()
  })

  test('a small body that nobody reads is a success when it is here', async () => {
    const guarded = await guard(undici)
    await bodyOf(guarded)
    await settled(guarded)
    expect(verdicts(guarded.breaker)).toEqual({ ...none, success: 1 })
  })

  test('a body that is destroyed was a good answer', async () => {
    const guarded = await guard(undici)
    guarded.server.always(new OpenBody().reply)
    const body = await bodyOf(guarded)
    body.destroy()
    await settled(guarded)
    expect(verdicts(guarded.breaker)).toEqual({ ...none, success: 1 })
    await guarded.server.drained()
  })

  test('a body of which the caller aborts the request is ignored', async () => {
    const guarded = await guard(undici)
    guarded.server.always(new OpenBody().reply)
    const controller = new AbortController()
    await bodyOf(guarded, { signal: controller.signal })
    controller.abort()
    await settled(guarded)
    expect(verdicts(guarded.breaker)).toEqual({ ...none, ignored: 1 })
  })

  test('a deadline of the caller that passes in the middle of a body is what callerTimeout says', async () => {
    const guarded = await guard(undici)
    guarded.server.always(new OpenBody().reply)
    const controller = new AbortController()
    await bodyOf(guarded, { signal: controller.signal })
    controller.abort(new DOMException('too late', 'TimeoutError'))
    await settled(guarded)
    expect(verdicts(guarded.breaker)).toEqual({ ...none, failure: 1 })
  })

  test('so is one of a fetch, whose signal undici keeps to itself', async () => {
    const { dispatcher, server, breaker } = await guard(undici, { callerTimeout: 'ignored' })
    server.always(new OpenBody().reply)
    const controller = new AbortController()
    const response = await undici.fetch(server.url, { dispatcher, signal: controller.signal })
    controller.abort(new DOMException('too late', 'TimeoutError'))
    await rejection(response.text())
    expect(verdicts(breaker)).toEqual({ ...none, ignored: 1 })
  })

  test('a stream that breaks at the end of the caller says nothing of the service', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    server.always(new OpenBody().reply)
    const broken = new PassThrough()
    const request = { origin: server.url, path: '/', method: 'GET' } as const
    const call = rejection(dispatcher.stream(request, () => broken))
    await server.received(1)
    while (broken.listenerCount('close') === 0) await nextTurn()
    broken.destroy(Object.assign(new Error('the browser is gone'), { code: 'ECONNRESET' }))
    await call
    expect(verdicts(breaker)).toEqual({ ...none, success: 1 })
  })

  test('a handler that throws says nothing of the service: by the headers, all was well', async () => {
    const { dispatcher, server, breaker } = await guard(undici)
    const error = await new Promise((resolve) => {
      dispatcher.dispatch(
        { origin: server.url, path: '/', method: 'GET' },
        {
          onRequestStart: () => {},
          onResponseStart: () => {
            throw Object.assign(new Error('of the handler'), { code: 'ECONNRESET' })
          },
          onResponseData: () => {},
          onResponseEnd: () => {},
          onResponseError: (_controller, thrown) => resolve(thrown),
        },
      )
    })
    expect(error).toMatchObject({ message: 'of the handler' })
    expect(verdicts(breaker)).toEqual({ ...none, success: 1 })
  })

  describe('in half_open', () => {
    async function guardHalfOpen(): Promise<Guard> {
      const guarded = await guard(undici, { halfOpen: { successesToClose: 1, probeTimeoutMs: 1_000 } })
      guarded.breaker.trip({ reason: 'test' })
      guarded.clock.advance(60_000)
      return guarded
    }

    test('a body of known length is waited for', async () => {
      const guarded = await guardHalfOpen()
      guarded.server.always(cutBody())
      await rejection((await bodyOf(guarded)).toArray())
      expect(guarded.breaker.state).toBe('open')
    })

    test('a body without a length is not, as it may be a stream that lasts for hours', async () => {
      const guarded = await guardHalfOpen()
      guarded.server.always(new OpenBody().reply)
      const body = await bodyOf(guarded)
      expect(guarded.breaker.state).toBe('closed')
      body.destroy()
    })

    test('one that the caller does not read is not waited for either', async () => {
      const guarded = await guardHalfOpen()
      guarded.server.always(answer({ headers: { 'content-length': 1_000_000 }, body: 'a'.repeat(1_000_000) }))
      const body = await bodyOf(guarded)
      await settled(guarded)
      expect(guarded.breaker.state).toBe('closed')
      body.destroy()
    })
  })
})
