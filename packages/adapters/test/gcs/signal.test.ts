import { once } from 'node:events'
import type { Bucket, File } from '@google-cloud/storage'
import { guardBucket, guardFile } from '@switchgear/adapters/gcs'
import { CircuitBreaker } from '@switchgear/core'
import { neverAnswer, OpenBody } from '@switchgear/testkit'
import { expect, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { closed, NONE, OPEN_MS, startScene } from './scene.ts'

const reason = new Error('the user left')

test.each<[name: string, run: (file: File, bucket: Bucket) => Promise<unknown>]>([
  ['save', (file) => file.save('content')],
  ['download', (file) => file.download()],
  ['exists', (file) => file.exists()],
  ['getFiles', (_file, bucket) => bucket.getFiles()],
  ['a read stream', (file) => file.createReadStream().toArray()],
  ['a write stream', async (file) => once(file.createWriteStream().end('content'), 'finish')],
])('%s that is aborted ends with the reason, and is ignored', async (_name, run) => {
  const { gcs, original, breaker } = await startScene()
  gcs.server.always(neverAnswer())
  const controller = new AbortController()
  const bucket = guardBucket(original, breaker, { signal: controller.signal })
  const call = rejection(run(bucket.file('object'), bucket))
  await gcs.server.received(1)
  controller.abort(reason)
  expect(await call).toBe(reason)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('a signal that is aborted already sends nothing, and counts as nothing', async () => {
  const { gcs, file, breaker } = await startScene()
  const guarded = guardFile(file, breaker, { signal: AbortSignal.abort(reason) })
  expect(await rejection(guarded.download())).toBe(reason)
  const stream = guarded.createReadStream()
  expect((await once(stream, 'error'))[0]).toBe(reason)
  const callback = vi.fn<(error: unknown) => void>()
  void guarded.exists(callback)
  await Promise.resolve()
  expect(callback).toHaveBeenCalledExactlyOnceWith(reason)
  expect(gcs.server.connections).toBe(0)
  expect(verdicts(breaker)).toEqual(NONE)
})

test('an abort while the call is being admitted sends nothing, and frees its place', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  const controller = new AbortController()
  breaker.trip({ reason: 'test' })
  clock.advance(OPEN_MS)
  breaker.on('transition', () => controller.abort(reason))
  expect(await rejection(guardFile(file, breaker, { signal: controller.signal }).exists())).toBe(reason)
  expect(gcs.server.connections).toBe(0)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('an abort in the middle of a body closes its connection', async () => {
  const { gcs, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const controller = new AbortController()
  const stream = guardFile(file, breaker, { signal: controller.signal }).createReadStream()
  stream.once('response', () => body.write('some'))
  await once(stream, 'data')
  controller.abort()
  await closed(stream)
  await gcs.server.drained()
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test("a deadline of the caller's own is a failure", async () => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.always(neverAnswer())
  const outer = new CircuitBreaker('outer', { timeoutMs: 5 })
  for (const signal of [AbortSignal.timeout(5), undefined]) {
    const error = await rejection(
      outer.execute((context) => guardFile(file, breaker, { signal: signal ?? context.signal }).exists()),
    )
    expect(error).toBeInstanceOf(Error)
  }
  await vi.waitUntil(() => breaker.status().totals.active === 0)
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 2 })
})

test('an abort whose reason is hostile to being looked at is ignored', async () => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.always(neverAnswer())
  const explode = (): never => {
    throw new Error('do not touch')
  }
  const controller = new AbortController()
  const callback = vi.fn<(error: unknown) => void>()
  void guardFile(file, breaker, { signal: controller.signal }).exists(callback)
  await gcs.server.received(1)
  controller.abort(new Proxy({}, { get: explode, getPrototypeOf: explode }))
  expect(callback).toHaveBeenCalledTimes(1)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('a guard leaves nothing on a signal that outlives its calls', async () => {
  const { file, breaker } = await startScene()
  const { signal } = new AbortController()
  const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  const guarded = guardFile(file, breaker, { signal })
  await guarded.download()
  await guarded.createReadStream().toArray()
  expect(add).toHaveBeenCalledTimes(2)
  expect(remove.mock.calls).toEqual(add.mock.calls)
})
