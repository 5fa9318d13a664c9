import { Readable } from 'node:stream'
import { File } from '@google-cloud/storage'
import { guardBucket, guardFile } from '@switchgear/adapters/gcs'
import { CircuitBreaker, CircuitBreakerConfigError } from '@switchgear/core'
import { expect, test } from 'vitest'
import { verdicts } from '../verdicts.ts'
import { NONE, startScene } from './scene.ts'

test('a guarded object is an instance of its class, with the same constructor', async () => {
  const { original, bucket, file } = await startScene()
  expect(bucket).toBeInstanceOf(original.constructor)
  expect(bucket.constructor).toBe(original.constructor)
  expect(file).toBeInstanceOf(File)
  expect(file.constructor).toBe(File)
})

test('properties are those of the original, also when they are set', async () => {
  const { original, bucket, file } = await startScene()
  expect(bucket.name).toBe('bucket')
  expect(bucket.storage).toBe(original.storage)
  expect(bucket.acl).toBe(original.acl)
  expect(String(bucket.cloudStorageURI)).toBe('gs://bucket')
  expect(String(file.cloudStorageURI)).toBe('gs://bucket/object')
  expect(file.crc32cGenerator).toBe(original.crc32cGenerator)
  bucket.userProject = 'another'
  expect(original.userProject).toBe('another')
  expect(Object.keys(bucket)).toEqual(Object.keys(original))
  expect('getFiles' in bucket).toBe(true)
})

test('what an operation learns of a file, the original knows', async () => {
  const { original, breaker } = await startScene()
  const file = original.file('object')
  await guardFile(file, breaker).save('content')
  const { generation } = file.metadata
  await guardFile(file, breaker).getMetadata()
  expect(file.metadata).toMatchObject({ generation, size: '7' })
})

test('a method is the same each time, with the name and length of the original', async () => {
  const { original, bucket } = await startScene()
  for (const name of ['getFiles', 'file', 'setLabels'] as const) {
    expect(bucket[name]).toBe(bucket[name])
    expect([bucket[name].name, bucket[name].length]).toEqual([original[name].name, original[name].length])
  }
})

test('methods work when they are taken off and called on the original, or bound', async () => {
  const { original, file, bucket, breaker } = await startScene()
  const exists = Reflect.get(file, 'exists') as () => Promise<unknown>
  expect(await Reflect.apply(exists, file, [])).toEqual([true])
  expect(await bucket.exists.bind(original)()).toEqual([true])
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('a method that gives its object gives the guarded one', async () => {
  const { bucket, file } = await startScene()
  expect(file.setEncryptionKey(Buffer.alloc(32))).toBe(file)
  expect(bucket.on('change', () => {})).toBe(bucket)
})

test('a file of a guarded bucket is guarded, as is its bucket', async () => {
  const { bucket } = await startScene()
  const file = bucket.file('object')
  expect(file.bucket).toBe(bucket)
  expect(file.parent).toBe(bucket)
  expect(bucket.file('object', { generation: 7 }).generation).toBe(7)
  expect(() => bucket.file('')).toThrow('A file name must be specified.')
})

test('a file that is guarded alone, or anew, has the bucket that it had', async () => {
  const { original, breaker } = await startScene()
  expect(guardFile(original.file('object'), breaker).bucket).toBe(original)
  const bucket = guardBucket(original, breaker)
  expect(guardFile(bucket.file('object'), breaker, { timeoutMs: 50 }).bucket).toBe(bucket)
})

test('a guarded bucket or file can be given to the client', async () => {
  const { gcs, bucket, file } = await startScene()
  await file.copy(bucket.file('one'))
  await file.copy(bucket)
  await bucket.combine([bucket.file('one'), file], bucket.file('both')).catch(() => {})
  expect(gcs.get('bucket', 'one')).toBeDefined()
})

test('whatever is no operation of the guard passes through, also while the breaker is open', async () => {
  const { gcs, file, bucket, breaker } = await startScene()
  breaker.trip({ reason: 'test' })
  expect(file.publicUrl()).toBe(`${gcs.url}/bucket/object`)
  await file.setMetadata({ metadata: { seen: 'yes' } })
  await bucket.setLabels({ seen: 'yes' })
  expect(gcs.get('bucket', 'object')?.metadata).toMatchObject({ metadata: { seen: 'yes' } })
  expect(verdicts(breaker)).toEqual(NONE)
})

test('the files of a listing are not guarded', async () => {
  const { bucket, breaker } = await startScene()
  const [[file]] = await bucket.getFiles()
  breaker.trip({ reason: 'test' })
  expect(await file?.exists()).toEqual([true])
})

test('a method that is replaced later is honoured', async () => {
  const { original, breaker } = await startScene()
  const file = original.file('object')
  const guarded = guardFile(file, breaker)
  file.exists = (() => Promise.resolve(['replaced'])) as unknown as typeof file.exists
  expect(await guarded.exists()).toEqual(['replaced'])
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 1 })
})

test('what a test has put in the place of a file can be guarded', async () => {
  const breaker = new CircuitBreaker('gcs')
  const fake = {
    name: 'object',
    bucket: {},
    download(): Promise<unknown> {
      return Promise.resolve([this.createReadStream()])
    },
    save: (): unknown => 'saved',
    createReadStream: () => 'no stream',
  }
  const guarded = guardFile(fake, breaker)
  expect(await guarded.download()).toEqual(['no stream'])
  expect(await guarded.save()).toBe('saved')
  expect(guarded.createReadStream()).toBe('no stream')
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 2 })
})

test('a class that stands for the client in a test can be guarded, frozen too', async () => {
  class FakeFile {
    readonly name = 'object'
    readonly bucket = {}
    #owner = ''

    get owner(): string {
      return this.#owner
    }

    set owner(owner: string) {
      this.#owner = owner
    }

    createReadStream(): Readable {
      return Readable.from(['one', 'two'])
    }

    createWriteStream(): undefined {}

    async download(): Promise<unknown> {
      return this.createReadStream().toArray()
    }

    async save(): Promise<unknown> {
      return this.createWriteStream() ?? 'saved'
    }
  }
  const breaker = new CircuitBreaker('gcs', { timeoutMs: 1_000 })
  const frozen = new FakeFile()
  Object.freeze(frozen)
  for (const fake of [new FakeFile(), frozen]) {
    const guarded = guardFile(fake, breaker)
    guarded.owner = 'somebody'
    expect(guarded.owner).toBe('somebody')
    expect(await guarded.download()).toEqual(['one', 'two'])
    expect(await guarded.save()).toBe('saved')
    const stream = guarded.createReadStream()
    stream.emit('response')
    expect(await stream.toArray()).toEqual(['one', 'two'])
    expect(guarded.createWriteStream()).toBeUndefined()
  }
  expect(verdicts(breaker)).toEqual({ ...NONE, success: 6 })
})

test('options that do not exist or are not allowed are refused', async () => {
  const { original, breaker } = await startScene()
  expect(() => guardBucket(original, breaker, { timeout: 5 } as object)).toThrow('did you mean timeoutMs?')
  expect(() => guardBucket(original, breaker, { timeoutMs: 0 })).toThrow(CircuitBreakerConfigError)
  expect(() => guardFile(original.file('object'), breaker, { signal: {} as AbortSignal })).toThrow('an AbortSignal')
  expect(() => guardBucket(original, {} as CircuitBreaker)).toThrow('a CircuitBreaker')
})
