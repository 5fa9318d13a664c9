import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { Bucket, File } from '@google-cloud/storage'
import { guardBucket, guardFile } from '@switchgear/adapters/gcs'
import { CircuitBreaker, CircuitOpenError } from '@switchgear/core'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { NONE, startScene, withoutWaits } from './scene.ts'

type Operation = (file: File, bucket: Bucket) => Promise<unknown>

const operations: readonly (readonly [name: string, run: Operation])[] = [
  ['save', (file) => file.save('content')],
  ['save, in one request', (file) => file.save('content', { resumable: false })],
  ['download', (file) => file.download()],
  ['exists', (file) => file.exists()],
  ['get', (file) => file.get()],
  ['getMetadata', (file) => file.getMetadata()],
  ['copy', (file) => file.copy('copy')],
  ['delete', (file) => file.delete()],
  ['getFiles', (_file, bucket) => bucket.getFiles()],
  ['upload', (_file, bucket) => bucket.upload(import.meta.filename)],
  ['exists of a bucket', (_file, bucket) => bucket.exists()],
  ['get of a bucket', (_file, bucket) => bucket.get()],
  ['getMetadata of a bucket', (_file, bucket) => bucket.getMetadata()],
  ['delete of a bucket', (_file, bucket) => bucket.delete()],
]

test.each(operations)('%s is one call', async (_name, run) => {
  const { bucket, file, breaker } = await startScene()
  await run(file, bucket)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test.each(operations)('%s sends nothing while the breaker is open', async (_name, run) => {
  const { gcs, bucket, file, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  expect(await rejection(run(file, bucket))).toBeInstanceOf(CircuitOpenError)
  expect(gcs.server.connections).toBe(0)
  expect(verdicts(breaker)).toEqual(NONE)
})

test.each(operations)('%s that the service cannot do is a failure, under its status', async (_name, run) => {
  const { gcs, bucket, file, breaker } = await startScene()
  gcs.server.always(gcsError(503))
  expect(await rejection(run(file, bucket))).toMatchObject({ code: 503 })
  expect(breaker.status()).toMatchObject({ totals: { failure: 1, active: 0 }, failuresByType: { 503: 1 } })
})

test('an operation of several requests is one call', async () => {
  const { gcs, bucket, file, breaker } = await startScene()
  gcs.pageSize = 1
  gcs.put('bucket', 'another', 'hello')
  gcs.requestsPerCopy = 3
  const [files] = await bucket.getFiles()
  expect(files.map(({ name }) => name)).toEqual(['another', 'object'])
  await file.copy('copy')
  expect(gcs.server.requests).toHaveLength(5)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('what the client tries again by itself is one call', async () => {
  withoutWaits()
  const { gcs, file, breaker } = await startScene({ retryOptions: { autoRetry: true, maxRetries: 2 } })
  gcs.server.next(gcsError(503), gcsError(503))
  await file.getMetadata()
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
  gcs.server.always(gcsError(503))
  await rejection(file.getMetadata())
  expect(gcs.server.requests).toHaveLength(6)
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1, failure: 1 })
})

test('the result is the very object that the client gave', async () => {
  const { original, bucket, file } = await startScene()
  const results: unknown[] = []
  const getFiles = original.getFiles.bind(original)
  original.getFiles = async () => {
    const result = await getFiles()
    results.push(result)
    return result
  }
  expect(await bucket.getFiles()).toBe(results[0])
  const destination = original.file('copy')
  expect((await file.copy(destination))[0]).toBe(destination)
})

test("an error is the client's own", async () => {
  const { gcs, file } = await startScene()
  gcs.server.always(gcsError(503))
  const { ApiError } = await import('@google-cloud/storage')
  expect(await rejection(file.getMetadata())).toBeInstanceOf(ApiError)
})

test('a callback is called with what the client gives, and once', async () => {
  const { file, breaker } = await startScene()
  const callback = vi.fn<(...results: unknown[]) => void>()
  await new Promise<void>((resolve) => {
    void file.getMetadata((...results: unknown[]) => {
      callback(...results)
      resolve()
    })
  })
  expect(callback).toHaveBeenCalledTimes(1)
  const [error, metadata, response] = callback.mock.calls[0] ?? []
  expect(error).toBeNull()
  expect(metadata).toMatchObject({ name: 'object', size: '5' })
  expect(response).toMatchObject({ statusCode: 200 })
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a callback after options that are undefined is found, as the client finds it', async () => {
  const { file, breaker } = await startScene()
  const found = await new Promise((resolve) => {
    file.exists({}, (_error, exists) => resolve(exists))
  })
  expect(found).toBe(true)
  const saved = await new Promise((resolve) => {
    file.save('content', (error) => resolve(error))
  })
  expect(saved).toBeFalsy()
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('a callback hears of a failure, and of a rejection in a later turn', async () => {
  const { gcs, file, breaker } = await startScene()
  gcs.server.always(gcsError(503))
  const failed = await new Promise((resolve) => {
    file.download((error) => resolve(error))
  })
  expect(failed).toMatchObject({ code: 503 })
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
  breaker.trip({ reason: 'test' })
  const callback = vi.fn<(error: unknown) => void>()
  file.download(callback)
  expect(callback).not.toHaveBeenCalled()
  await Promise.resolve()
  expect(callback).toHaveBeenCalledExactlyOnceWith(expect.any(CircuitOpenError))
})

test('what the client throws in its own call is thrown, and ignored', async () => {
  const { file, breaker } = await startScene()
  const none = undefined as unknown as string
  expect(() => file.copy(none, () => {})).toThrow('Destination file should have a name.')
  await expect(file.copy(none)).rejects.toThrow('Destination file should have a name.')
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test('a body that can be read only once is untouched while the breaker is open', async () => {
  const { file, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  const body = Readable.from(['one', 'two'])
  await rejection(file.save(body))
  expect(body.readableDidRead).toBe(false)
  expect(body.destroyed).toBe(false)
  expect(await body.toArray()).toEqual(['one', 'two'])
})

test('a function that gives the content is no callback', async () => {
  const { gcs, file, breaker } = await startScene()
  await file.save(async function* () {
    yield 'from a '
    yield 'generator'
  })
  expect(String(gcs.get('bucket', 'object')?.content)).toBe('from a generator')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test.each([
  ['after its first piece', ['some']],
  ['before its first piece', []],
])('a source that fails %s is ignored, though its error looks like one of the network', async (_when, pieces) => {
  const { file, breaker } = await startScene()
  const error = Object.assign(new Error('the uploader left'), { code: 'ECONNRESET' })
  const source = new Readable({
    read() {
      for (const piece of pieces) this.push(piece)
      this.destroy(error)
    },
  })
  expect(await rejection(file.save(source))).toBe(error)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('a source that is closed before its end is ignored', async () => {
  const { gcs, file, breaker } = await startScene()
  const source = new PassThrough()
  const save = rejection(file.save(source))
  source.destroy()
  expect(await save).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  expect(gcs.server.connections).toBe(0)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test("trouble with a local file is the caller's", async () => {
  const { bucket, file, breaker } = await startScene()
  const missing = join(await temporaryFolder(), 'missing/file')
  expect(await rejection(bucket.upload(missing))).toMatchObject({ code: 'ENOENT' })
  expect(await rejection(file.download({ destination: missing }))).toMatchObject({ code: 'ENOENT' })
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 2 })
})

test('a local file goes up and comes down', async () => {
  const { gcs, bucket, file, breaker } = await startScene()
  const folder = await temporaryFolder()
  writeFileSync(join(folder, 'up'), 'from the disk')
  await bucket.upload(join(folder, 'up'), { destination: 'object' })
  expect(String(gcs.get('bucket', 'object')?.content)).toBe('from the disk')
  await file.download({ destination: join(folder, 'down') })
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('an upload to a guarded file is one call', async () => {
  const { gcs, bucket, breaker } = await startScene()
  await bucket.upload(import.meta.filename, { destination: bucket.file('copy') })
  expect(gcs.get('bucket', 'copy')).toBeDefined()
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('a file that is guarded twice by one breaker takes one permit, by two breakers one of each', async () => {
  const { file, breaker } = await startScene()
  await guardFile(file, breaker).download()
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
  const other = new CircuitBreaker('other')
  await guardFile(file, other).download()
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
  expect(verdicts(other)).toEqual({ ...NONE, success: 1 })
  await guardFile(file, other).save('content')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 3 })
})

test('the rejection of another breaker around the same file is ignored', async () => {
  const { file, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  const other = new CircuitBreaker('other')
  expect(await rejection(guardFile(file, other).download())).toBeInstanceOf(CircuitOpenError)
  expect(verdicts(other)).toEqual({ ...NONE, ignored: 1 })
})

test('the telemetry of a call is active while it begins', async () => {
  const { original, breaker } = await startScene()
  const seen: string[] = []
  const acquire = breaker.acquire.bind(breaker)
  breaker.acquire = () => {
    const permit = acquire()
    const run = permit.run.bind(permit)
    permit.run = (fn) => {
      seen.push('active')
      try {
        return run(fn)
      } finally {
        seen.push('over')
      }
    }
    return permit
  }
  const file = guardBucket(original, breaker).file('object')
  await file.getMetadata()
  const stream = file.createReadStream()
  expect(seen).toEqual(['active', 'over'])
  stream.resume()
  await once(stream, 'end')
  expect(seen).toHaveLength(4)
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchgear-gcs-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}
