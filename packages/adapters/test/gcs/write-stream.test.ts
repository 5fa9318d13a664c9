import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CircuitOpenError } from '@switchgear/core'
import { neverAnswer, type Reply, resetBeforeHeaders } from '@switchgear/testkit'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { closed, NONE, startScene, withoutWaits } from './scene.ts'

const MEBIBYTE = 2 ** 20

test.each([true, false])(
  'writing a stream to its end is one call, from its first use on (resumable: %s)',
  async (resumable) => {
    const { gcs, file, breaker } = await startScene()
    const stream = file.createWriteStream({ resumable })
    expect(verdicts(breaker)).toEqual(NONE)
    stream.write('one, ')
    expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
    stream.end('two')
    await once(stream, 'finish')
    expect(String(gcs.get('bucket', 'object')?.content)).toBe('one, two')
    expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
  },
)

test('an object without content is a call', async () => {
  const { gcs, file, breaker } = await startScene()
  await once(file.createWriteStream({ resumable: false }).end(), 'finish')
  expect(gcs.get('bucket', 'object')?.content).toHaveLength(0)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a stream that is not admitted comes destroyed, with the error that says so', async () => {
  const { gcs, file, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  const stream = file.createWriteStream()
  expect(stream.destroyed).toBe(true)
  const [error] = await once(stream, 'error')
  expect(error).toBeInstanceOf(CircuitOpenError)
  expect(gcs.server.connections).toBe(0)
})

test('a stream that was made before the breaker opened fails with its first piece', async () => {
  const { gcs, file, breaker } = await startScene()
  const [stream, empty] = [file.createWriteStream(), file.createWriteStream()]
  breaker.trip({ reason: 'test' })
  expect(await rejection(pipeline(Readable.from(['some']), stream))).toBeInstanceOf(CircuitOpenError)
  empty.end()
  expect((await once(empty, 'error'))[0]).toBeInstanceOf(CircuitOpenError)
  expect(gcs.server.connections).toBe(0)
})

test('a stream that nobody writes holds nothing', async () => {
  const { file, breaker } = await startScene()
  file.createWriteStream().destroy()
  expect(verdicts(breaker)).toEqual(NONE)
})

test.each<[what: string, replies: Reply[], resumable: boolean, type: string]>([
  ['a 503 to the session', [gcsError(503)], true, '503'],
  ['a reset of the session', [resetBeforeHeaders()], true, 'ECONNRESET'],
  ['a 503 to an upload in one request', [gcsError(503)], false, '503'],
  ['a reset of an upload in one request', [resetBeforeHeaders()], false, 'ECONNRESET'],
])('%s is a failure', async (_what, replies, resumable, type) => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.next(...replies)
  await rejection(pipeline(Readable.from(['some']), file.createWriteStream({ resumable })))
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { [type]: 1 } })
})

test.each([1, 3 * MEBIBYTE])('a reset after %i bytes is a failure, though its error has no code', async (bytes) => {
  const { gcs, file, breaker } = await startScene()
  for (const send of [
    () => file.save(Buffer.alloc(8 * MEBIBYTE)),
    () => file.save(Readable.from(pieces(8))),
    () => pipeline(pieces(8), file.createWriteStream()),
  ]) {
    gcs.server.next(gcs.reply, gcs.resetUploadAfter(bytes))
    const error = await rejection(send())
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toHaveProperty('code')
  }
  expect(breaker.status()).toMatchObject({ totals: { failure: 3, active: 0 }, failuresByType: { upload_lost: 3 } })
})

test('a 503 to the content of an upload is a failure, though its error has no code', async () => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.next(gcs.reply, gcsError(503))
  expect(await rejection(file.save('content'))).not.toHaveProperty('code')
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { upload_lost: 1 } })
})

test('an upload that goes on with a session of before is a call like any other', async () => {
  const { gcs, file, breaker } = await startScene()
  const [uri] = await file.createResumableUpload()
  gcs.server.next(gcs.reply, gcsError(503))
  await rejection(pipeline(Readable.from(['some']), file.createWriteStream({ uri })))
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
  await pipeline(Readable.from(['some']), file.createWriteStream({ uri }))
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1, success: 1 })
})

test('an upload that the client resumes after a reset is one success', async () => {
  withoutWaits()
  const { gcs, file, breaker } = await startScene({ retryOptions: { autoRetry: true } })
  const content = Buffer.concat([...pieces(4)])
  gcs.server.next(gcs.reply, gcs.resetUploadAfter(MEBIBYTE))
  const preconditionOpts = { ifGenerationMatch: gcs.get('bucket', 'object')?.generation ?? 0 }
  await file.save(content, { preconditionOpts })
  expect(gcs.get('bucket', 'object')?.content.equals(content)).toBe(true)
  const statusChecks = gcs.server.requests.filter(({ headers }) => headers['content-range'] === 'bytes */*')
  expect(statusChecks).toHaveLength(1)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a checksum that is not that of what was sent is ignored', async () => {
  const { gcs, file, breaker } = await startScene()
  gcs.corruptsUploads = true
  expect(await rejection(file.save('content'))).toMatchObject({ code: 'FILE_NO_UPLOAD' })
  // The client tries to delete what it has sent.
  gcs.server.next(gcs.reply, gcs.reply, gcsError(503))
  expect(await rejection(file.save('content'))).toMatchObject({ code: 'FILE_NO_UPLOAD_DELETE' })
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test.each<[what: string, error: Error | undefined]>([
  ['nothing', undefined],
  ['an error', new Error('the user left')],
  ['an error that looks like one of the network', Object.assign(new Error('the user left'), { code: 'ECONNRESET' })],
])('a stream that its writer destroys with %s is ignored, before and after the last piece', async (_what, error) => {
  const { gcs, file, breaker } = await startScene()
  for (const isEnded of [false, true]) {
    gcs.server.next(gcs.reply, neverAnswer())
    const stream = file.createWriteStream()
    stream.write('some')
    await once(stream, 'uri')
    if (isEnded) stream.end()
    stream.destroy(error)
    await closed(stream)
  }
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test('a pipeline whose source breaks is ignored', async () => {
  const { file, breaker } = await startScene()
  const error = Object.assign(new Error('the uploader left'), { code: 'ECONNRESET' })
  async function* source(): AsyncGenerator<string> {
    yield 'some'
    await new Promise((resolve) => setImmediate(resolve))
    throw error
  }
  for (const from of [source(), Readable.from(source())]) {
    expect(await rejection(pipeline(from, file.createWriteStream()))).toBe(error)
  }
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test('options that are wrong are thrown as the client throws them', async () => {
  const { file, breaker } = await startScene()
  expect(() => file.createWriteStream({ offset: 5 })).toThrow(RangeError)
  expect(verdicts(breaker)).toEqual(NONE)
})

function* pieces(count: number): Generator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(MEBIBYTE, String(i))
}
