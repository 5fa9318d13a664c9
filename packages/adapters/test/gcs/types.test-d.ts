import type { Bucket, File } from '@google-cloud/storage'
import { guardBucket, guardFile } from '@switchgear/adapters/gcs'
import { CircuitBreaker } from '@switchgear/core'
import { expectTypeOf, test } from 'vitest'

const breaker = new CircuitBreaker('gcs')
declare const bucket: Bucket
declare const file: File

test('a guarded object has the type of the original', () => {
  expectTypeOf(guardBucket(bucket, breaker)).toEqualTypeOf<Bucket>()
  expectTypeOf(guardFile(file, breaker, { timeoutMs: 5_000 })).toEqualTypeOf<File>()
})

test('what is no bucket or file is refused', () => {
  // @ts-expect-error a file is no bucket
  guardBucket(file, breaker)
  // @ts-expect-error a bucket is no file
  guardFile(bucket, breaker)
  // @ts-expect-error a name that does not exist
  guardFile(file, breaker, { timeout: 5_000 })
})
