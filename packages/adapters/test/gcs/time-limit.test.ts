import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Bucket, File } from '@google-cloud/storage'
import { CircuitTimeoutError } from '@switchgear/core'
import { HeldReply, neverAnswer, OpenBody, type Reply } from '@switchgear/testkit'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, test, vi } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { closed, NONE, startScene, TIMEOUT_MS, withoutWaits } from './scene.ts'

type Operation = (file: File, bucket: Bucket) => Promise<unknown>

test.each<[name: string, run: Operation]>([
  ['save', (file) => file.save('content')],
  ['save, in one request', (file) => file.save('content', { resumable: false })],
  ['download', (file) => file.download()],
  ['exists', (file) => file.exists()],
  ['copy', (file) => file.copy('copy')],
  ['getFiles', (_file, bucket) => bucket.getFiles()],
  ['upload', (_file, bucket) => bucket.upload(import.meta.filename)],
  ['a read stream', (file) => file.createReadStream().toArray()],
  ['a write stream', async (file) => once(file.createWriteStream().end('content'), 'finish')],
])('%s that the service never answers fails when its time is over', async (_name, run) => {
  const { gcs, clock, file, bucket, breaker } = await startScene()
  gcs.server.always(neverAnswer())
  const call = rejection(run(file, bucket))
  await gcs.server.received(1)
  clock.advance(TIMEOUT_MS - 1)
  expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
  clock.advance(1)
  expect(await call).toEqual(new CircuitTimeoutError('gcs', TIMEOUT_MS))
  expect(breaker.status()).toMatchObject({
    totals: { failure: 1, active: 0 },
    failuresByType: { CircuitTimeoutError: 1 },
  })
  expect(clock.timers).toBe(0)
})

test('a callback hears that the time is over, and of nothing later', async () => {
  const { gcs, clock, file } = await startScene()
  const held = new HeldReply(gcs.reply)
  gcs.server.always(held.reply)
  const callback = vi.fn<(error: unknown) => void>()
  void file.getMetadata(callback)
  await gcs.server.received(1)
  clock.advance(TIMEOUT_MS)
  expect(callback).toHaveBeenCalledExactlyOnceWith(expect.any(CircuitTimeoutError))
  held.release()
  await gcs.server.drained()
  await nextTurn()
  expect(callback).toHaveBeenCalledTimes(1)
})

test('a stream may last as long as it likes while the service goes on sending', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const stream = file.createReadStream()
  stream.once('response', () => body.write('some'))
  for (let i = 0; i < 5; i++) {
    await once(stream, 'data')
    clock.advance(TIMEOUT_MS - 1)
    body.write('some')
  }
  body.end()
  await once(stream, 'end')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test.each<[name: string, read: (file: File) => Promise<unknown>]>([
  ['a stream', (file) => file.createReadStream().toArray()],
  ['a download', (file) => file.download()],
])('%s whose body stands still fails, and its connection is closed', async (_name, read) => {
  const { gcs, clock, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const call = rejection(read(file))
  await gcs.server.received(1)
  body.write('some')
  await nextTurn()
  clock.advance(TIMEOUT_MS)
  expect(await call).toBeInstanceOf(CircuitTimeoutError)
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
  await gcs.server.drained()
})

test('a reader may take as long as it likes', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  const content = Buffer.alloc(2 ** 20, 'x')
  gcs.put('bucket', 'object', content)
  const stream = file.createReadStream()
  stream.once('readable', () => {})
  await once(stream, 'readable')
  // Until everything between here and the service is full.
  await vi.waitUntil(() => stream.readableLength >= stream.readableHighWaterMark)
  clock.advance(10 * TIMEOUT_MS)
  expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
  expect(Buffer.concat(await stream.toArray()).equals(content)).toBe(true)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a writer may take as long as it likes', async () => {
  const { clock, file, breaker } = await startScene()
  const stream = file.createWriteStream()
  stream.write('some')
  await once(stream, 'uri')
  await vi.waitUntil(() => stream.writableLength === 0)
  clock.advance(10 * TIMEOUT_MS)
  expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
  stream.end('more')
  await once(stream, 'finish')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a source may take as long as it likes', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  const source = new PassThrough()
  const save = file.save(source)
  clock.advance(10 * TIMEOUT_MS)
  source.end('content')
  await save
  expect(String(gcs.get('bucket', 'object')?.content)).toBe('content')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('an upload whose content the service does not take in fails', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  gcs.server.next(gcs.reply, neverAnswer())
  const stream = file.createWriteStream()
  stream.end('content')
  await gcs.server.received(2)
  clock.advance(TIMEOUT_MS)
  expect((await once(stream, 'error'))[0]).toBeInstanceOf(CircuitTimeoutError)
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('the time counts anew with each chunk that an upload moves on by', async () => {
  const { gcs, clock, file, breaker } = await startScene()
  let release = (): void => {}
  // Keeps what is sent waiting, and reads it then.
  const held: Reply = (request, response) => {
    request.pause()
    release = () => {
      gcs.reply(request, response)
      request.resume()
    }
  }
  gcs.server.next(gcs.reply, held, held, held)
  const chunkSize = 256 * 1024
  const save = file.save(Buffer.alloc(3 * chunkSize), { chunkSize })
  for (const requests of [2, 3, 4]) {
    await gcs.server.received(requests)
    clock.advance(TIMEOUT_MS - 1)
    release()
  }
  await save
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('the time counts anew when the client tries again', async () => {
  withoutWaits()
  const { gcs, clock, file, breaker } = await startScene({ retryOptions: { autoRetry: true } })
  const held = new HeldReply(gcsError(503))
  gcs.server.next(held.reply, neverAnswer())
  const options = { resumable: false, preconditionOpts: { ifGenerationMatch: 1 } }
  const call = rejection(file.save('content', options))
  await gcs.server.received(1)
  clock.advance(TIMEOUT_MS - 1)
  held.release()
  await gcs.server.received(2)
  clock.advance(TIMEOUT_MS - 1)
  expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
  clock.advance(1)
  expect(await call).toBeInstanceOf(CircuitTimeoutError)
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('a guard can have a time limit of its own', async () => {
  const { gcs, clock, file } = await startScene({ guard: { timeoutMs: 50 } })
  gcs.server.always(neverAnswer())
  const call = rejection(file.exists())
  await gcs.server.received(1)
  clock.advance(50)
  expect(await call).toMatchObject({ timeoutMs: 50 })
})

test('without a time limit no timer is set', async () => {
  const { clock, file } = await startScene({ breaker: { timeoutMs: undefined } })
  const stream = file.createReadStream()
  stream.resume()
  const call = file.getMetadata()
  expect(clock.timers).toBe(0)
  await call
  await closed(stream)
})
