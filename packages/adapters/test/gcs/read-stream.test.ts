import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import type { File } from '@google-cloud/storage'
import { CircuitOpenError, CircuitTimeoutError } from '@switchgear/core'
import { cutBody, HeldReply, OpenBody, type Reply, resetBeforeHeaders } from '@switchgear/testkit'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, test } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { closed, NONE, startScene, TIMEOUT_MS } from './scene.ts'

test('reading a stream to its end is one call, from its first use to its end', async () => {
  const { file, breaker } = await startScene()
  const stream = file.createReadStream()
  expect(verdicts(breaker)).toEqual(NONE)
  const chunks = stream.toArray()
  expect(verdicts(breaker)).toEqual({ ...NONE, active: 1 })
  expect(String(Buffer.concat(await chunks))).toBe('hello')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a stream that is not admitted comes destroyed, with the error that says so', async () => {
  const { gcs, file, bucket, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  for (const open of [() => file.createReadStream(), () => bucket.getFilesStream()]) {
    const stream = open()
    expect(stream.destroyed).toBe(true)
    const [error] = await once(stream, 'error')
    expect(error).toBeInstanceOf(CircuitOpenError)
  }
  expect(gcs.server.connections).toBe(0)
  expect(breaker.status().rejections).toMatchObject({ open: 2 })
})

test('a stream that was made before the breaker opened is destroyed when it is read', async () => {
  const { gcs, file, breaker } = await startScene()
  const stream = file.createReadStream()
  breaker.trip({ reason: 'test' })
  expect(await rejection(stream.toArray())).toBeInstanceOf(CircuitOpenError)
  expect(gcs.server.connections).toBe(0)
})

test('a stream that nobody reads holds nothing', async () => {
  const { clock, file, breaker } = await startScene({
    breaker: { halfOpen: { maxConcurrent: 1, successesToClose: 1 } },
  })
  breaker.trip({ reason: 'test' })
  clock.advance(60_000)
  file.createReadStream()
  await file.exists()
  expect(breaker.state).toBe('closed')
})

test.each<[what: string, reply: Reply, type: string]>([
  ['a status of 503', gcsError(503), '503'],
  ['a connection that is reset', resetBeforeHeaders(), 'ECONNRESET'],
  ['a body that is cut', cutBody(), 'ECONNRESET'],
])('%s is a failure', async (_what, reply, type) => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.always(reply)
  await rejection(file.createReadStream().toArray())
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { [type]: 1 } })
})

test.each([
  ['a stream', (stream: Readable) => stream.toArray()],
  ['a pipeline', (stream: Readable) => pipeline(stream, new Writable({ write: (_chunk, _encoding, done) => done() }))],
])('a body without a length that breaks is a failure of %s', async (_what, read) => {
  const { gcs, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const stream = file.createReadStream()
  stream.once('data', () => body.reset())
  stream.once('response', () => body.write('some'))
  await rejection(read(stream))
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('a body without a length that breaks is a failure of a download', async () => {
  const { gcs, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const download = rejection(file.download())
  await gcs.server.received(1)
  body.write('some')
  await nextTurn()
  body.reset()
  await download
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('a wrong checksum is ignored, as is what does not decompress', async () => {
  const { gcs, file, bucket, breaker } = await startScene()
  gcs.get('bucket', 'object')?.corrupt()
  expect(await rejection(file.createReadStream().toArray())).toMatchObject({ code: 'CONTENT_DOWNLOAD_MISMATCH' })
  gcs.put('bucket', 'broken', 'no gzip', { contentEncoding: 'gzip' })
  expect(await rejection(bucket.file('broken').createReadStream().toArray())).toMatchObject({ code: 'Z_DATA_ERROR' })
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test.each<[what: string, error: Error | undefined]>([
  ['nothing', undefined],
  ['an error', new Error('enough')],
  ['an error that looks like one of the network', Object.assign(new Error('the reader left'), { code: 'ECONNRESET' })],
])('a stream that its reader destroys with %s is ignored', async (_what, error) => {
  const { gcs, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const stream = file.createReadStream()
  stream.once('response', () => body.write('some'))
  await once(stream, 'data')
  stream.destroy(error)
  await closed(stream)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
  await gcs.server.drained()
})

test.each<[name: string, read: (file: File) => Promise<unknown>]>([
  ['a stream', (file) => file.createReadStream().toArray()],
  ['a download', (file) => file.download()],
])('an answer to %s that was given up is turned down, and its connection closed', async (_name, read) => {
  const { gcs, clock, file, breaker } = await startScene()
  const body = new OpenBody()
  const held = new HeldReply(body.reply)
  gcs.server.always(held.reply)
  const call = rejection(read(file))
  await gcs.server.received(1)
  clock.advance(TIMEOUT_MS)
  expect(await call).toBeInstanceOf(CircuitTimeoutError)
  held.release()
  body.write('some')
  // Where the client pipes it into what is destroyed, the test runner hears of an unhandled rejection on Node 24.
  await gcs.server.drained()
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('a pipeline whose other end breaks is ignored', async () => {
  const { gcs, file, breaker } = await startScene()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const error = Object.assign(new Error('the browser left'), { code: 'EPIPE' })
  const browser = new Writable({ write: (_chunk, _encoding, done) => done(error) })
  const stream = file.createReadStream()
  stream.once('response', () => body.write('some'))
  expect(await rejection(pipeline(stream, browser))).toBe(error)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('a download that breaks takes nothing else with it', async () => {
  const { gcs, file, breaker } = await startScene()
  const [body, other] = [new OpenBody(), new OpenBody()]
  gcs.server.next(body.reply, other.reply)
  const stream = file.createReadStream()
  await once(stream.resume(), 'response')
  const download = file.download()
  await gcs.server.received(2)
  stream.destroy()
  await closed(stream)
  other.write('whole')
  other.end()
  expect(String((await download)[0])).toBe('whole')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1, ignored: 1 })
})

test('arguments that are wrong are thrown as the client throws them', async () => {
  const { file, breaker } = await startScene()
  expect(() => file.createReadStream({ start: 1, validation: true })).toThrow('Cannot use validation with file ranges')
  expect(verdicts(breaker)).toEqual(NONE)
})

test('a guard listens for no errors, which would hide those that nobody handles', async () => {
  const { original, file } = await startScene()
  const unguarded = original.file('object')
  expect(file.createReadStream().listenerCount('error')).toBe(unguarded.createReadStream().listenerCount('error'))
  expect(file.createWriteStream().listenerCount('error')).toBe(unguarded.createWriteStream().listenerCount('error'))
})

test('a part of an object is a call, and one that is not there is a success', async () => {
  const { file, breaker } = await startScene()
  expect(String(Buffer.concat(await file.createReadStream({ start: 1, end: 3 }).toArray()))).toBe('ell')
  expect(await rejection(file.createReadStream({ start: 100 }).toArray())).toMatchObject({ code: 416 })
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('a listing as a stream is one call, however many pages it has', async () => {
  const { gcs, bucket, breaker } = await startScene()
  gcs.pageSize = 1
  gcs.put('bucket', 'another', 'hello')
  const files = await bucket.getFilesStream().toArray()
  expect(files).toHaveLength(2)
  expect(gcs.server.requests).toHaveLength(2)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
  gcs.server.always(gcsError(503))
  await rejection(bucket.getFilesStream().toArray())
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1, failure: 1 })
})
