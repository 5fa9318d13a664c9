import { Storage } from '@google-cloud/storage'
import { resetBeforeHeaders } from '@switchgear/testkit'
import { FakeGcs, gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, onTestFinished, test } from 'vitest'
import { rejection } from '../rejection.ts'

// The fake service, and the client without a guard: what the other tests stand on.
async function start(): Promise<{ gcs: FakeGcs; bucket: ReturnType<Storage['bucket']> }> {
  const gcs = await FakeGcs.start('bucket')
  onTestFinished(() => gcs[Symbol.asyncDispose]())
  const storage = new Storage({ apiEndpoint: gcs.url, projectId: 'test', retryOptions: { autoRetry: false } })
  return { gcs, bucket: storage.bucket('bucket') }
}

test.each([
  ['in one request', { resumable: false }],
  ['with a session', { resumable: true }],
  ['in chunks', { chunkSize: 256 * 1024 }],
])('what is uploaded %s can be downloaded, and its checksums are right', async (_how, options) => {
  const { bucket } = await start()
  const content = Buffer.from(Array.from({ length: 600_000 }, (_value, index) => index % 251))
  const file = bucket.file('a/folder and ünicode')
  await file.save(content, { ...options, contentType: 'text/plain', metadata: { metadata: { of: 'mine' } } })
  expect((await file.download({ validation: 'md5' }))[0].equals(content)).toBe(true)
  expect((await file.download({ validation: 'crc32c' }))[0].equals(content)).toBe(true)
  const [metadata] = await file.getMetadata()
  expect(metadata).toMatchObject({ size: '600000', contentType: 'text/plain', metadata: { of: 'mine' } })
})

test('the checksum is that of the standard', async () => {
  const { gcs } = await start()
  // RFC 3720, B.4: 32 bytes of zeros are 8a9136aa.
  expect(gcs.put('bucket', 'zeros', new Uint8Array(32)).crc32c).toBe(Buffer.from('8a9136aa', 'hex').toString('base64'))
})

test('an object that is compressed comes decompressed', async () => {
  const { bucket } = await start()
  await bucket.file('object').save('content '.repeat(100), { gzip: true })
  expect(String((await bucket.file('object').download())[0])).toBe('content '.repeat(100))
})

test('parts of an object can be read', async () => {
  const { gcs, bucket } = await start()
  gcs.put('bucket', 'object', 'hello')
  const read = async (options: { start?: number; end?: number }): Promise<string> =>
    String((await bucket.file('object').download(options))[0])
  expect(await read({ start: 1, end: 3 })).toBe('ell')
  expect(await read({ start: 3 })).toBe('lo')
  expect(await read({ end: -2 })).toBe('lo')
  expect(await rejection(read({ start: 9 }))).toMatchObject({ code: 416 })
})

test('objects are listed, copied, changed and deleted', async () => {
  const { gcs, bucket } = await start()
  gcs.pageSize = 2
  gcs.requestsPerCopy = 2
  for (const name of ['a/1', 'a/2', 'a/3', 'b']) gcs.put('bucket', name, 'hello')
  const [files] = await bucket.getFiles({ prefix: 'a/' })
  expect(files.map(({ name }) => name)).toEqual(['a/1', 'a/2', 'a/3'])
  await bucket.file('b').copy('c')
  expect(String(gcs.get('bucket', 'c')?.content)).toBe('hello')
  const [changed] = await bucket.file('b').setMetadata({ contentType: 'text/csv' })
  expect(changed).toMatchObject({ contentType: 'text/csv', metageneration: '2' })
  await bucket.file('b').delete()
  expect(await bucket.file('b').exists()).toEqual([false])
})

test('errors are those of the JSON API', async () => {
  const { gcs, bucket } = await start()
  gcs.put('bucket', 'object', 'hello')
  const file = bucket.file('object')
  expect(await rejection(bucket.file('missing').download())).toMatchObject({ code: 404 })
  expect(await rejection(bucket.storage.bucket('missing').getFiles())).toMatchObject({ code: 404 })
  for (const resumable of [true, false]) {
    const save = file.save('content', { resumable, preconditionOpts: { ifGenerationMatch: 0 } })
    expect(await rejection(save)).toMatchObject({ code: 412 })
  }
  gcs.server.next(gcsError(403, 'forbidden'))
  expect(await rejection(file.getMetadata())).toMatchObject({ code: 403, errors: [{ reason: 'forbidden' }] })
})

test('faults happen to the request that they are meant for', async () => {
  const { gcs, bucket } = await start()
  const file = bucket.file('object')
  gcs.server.next(resetBeforeHeaders())
  expect(await rejection(file.save('content'))).toMatchObject({ code: 'ECONNRESET' })
  gcs.server.next(gcs.reply, gcs.resetUploadAfter(3))
  expect(await rejection(file.save('content'))).toMatchObject({
    message: expect.stringContaining('ECONNRESET') as unknown,
  })
  gcs.corruptsUploads = true
  expect(await rejection(file.save('content'))).toMatchObject({ code: 'FILE_NO_UPLOAD' })
  gcs.put('bucket', 'object', 'hello').corrupt()
  expect(await rejection(file.download())).toMatchObject({ code: 'CONTENT_DOWNLOAD_MISMATCH' })
})
