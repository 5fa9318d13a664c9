import type { Readable, Writable } from 'node:stream'
import { type Bucket, type File, Storage, type StorageOptions } from '@google-cloud/storage'
import { type GcsGuardOptions, guardBucket } from '@switchgear/adapters/gcs'
import { CircuitBreaker, type CircuitBreakerOptions } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { FakeGcs } from '@switchgear/testkit/fake-gcs'
import { onTestFinished, vi } from 'vitest'
import { allowManyListeners } from './allow-many-listeners.ts'

allowManyListeners()

/** A guarded bucket of the real client, and the service that it talks to. */
export interface Scene {
  readonly gcs: FakeGcs
  readonly clock: ManualClock
  readonly breaker: CircuitBreaker
  /** The client's own bucket. */
  readonly original: Bucket
  readonly bucket: Bucket
  /** The object that is there: `hello`. */
  readonly file: File
}

interface SceneOptions {
  readonly breaker?: CircuitBreakerOptions
  readonly guard?: GcsGuardOptions
  readonly retryOptions?: StorageOptions['retryOptions']
}

export const OPEN_MS = 60_000
export const TIMEOUT_MS = 1_000
const NO_RETRY = { autoRetry: false }

/** Starts a service with one object and guards its bucket, until the test is over. */
export async function startScene({ breaker, guard, retryOptions = NO_RETRY }: SceneOptions = {}): Promise<Scene> {
  const gcs = await FakeGcs.start('bucket')
  onTestFinished(() => gcs[Symbol.asyncDispose]())
  gcs.put('bucket', 'object', 'hello')
  const clock = new ManualClock()
  const guarding = new CircuitBreaker('gcs', { clock, openMs: OPEN_MS, timeoutMs: TIMEOUT_MS, ...breaker })
  const storage = new Storage({ apiEndpoint: gcs.url, projectId: 'test', retryOptions })
  const original = storage.bucket('bucket')
  const bucket = guardBucket(original, guarding, guard)
  return { gcs, clock, breaker: guarding, original, bucket, file: bucket.file('object') }
}

export const NONE = { success: 0, failure: 0, ignored: 0, active: 0 }

/** Resolves when a stream is closed, whatever it says before. */
export function closed(stream: Readable | Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => {}).once('close', resolve)
  })
}

/** The client waits seconds before it tries again; in this test it does not. */
export function withoutWaits(): void {
  const { setTimeout } = globalThis
  vi.stubGlobal('setTimeout', (callback: () => void, _ms: number, ...args: []) => setTimeout(callback, 0, ...args))
  onTestFinished(() => void vi.unstubAllGlobals())
}
