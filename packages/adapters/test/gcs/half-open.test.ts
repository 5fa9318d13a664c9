import { once } from 'node:events'
import { neverAnswer, OpenBody } from '@switchgear/testkit'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { expect, test } from 'vitest'
import { nextTurn } from '../waits.ts'
import { rejection } from '../rejection.ts'
import { closed, OPEN_MS, type Scene, startScene } from './scene.ts'

const ONE_PROBE = { successesToClose: 1, maxConcurrent: 1 }

async function startHalfOpen(): Promise<Scene> {
  const scene = await startScene({ breaker: { halfOpen: ONE_PROBE, timeoutMs: undefined } })
  scene.breaker.trip({ reason: 'test' })
  scene.clock.advance(OPEN_MS)
  return scene
}

test('a download that is a probe has succeeded when a good answer begins', async () => {
  const { gcs, file, breaker } = await startHalfOpen()
  const body = new OpenBody()
  gcs.server.always(body.reply)
  const download = file.download()
  await gcs.server.received(1)
  expect(breaker.state).toBe('half_open')
  body.write('some')
  await nextTurn()
  expect(breaker.state).toBe('closed')
  body.end()
  expect(String((await download)[0])).toBe('some')
  expect(breaker.status().totals).toMatchObject({ success: 1, active: 0 })
})

test('an upload that is a probe has succeeded when the service gives it a session', async () => {
  const { gcs, file, breaker } = await startHalfOpen()
  gcs.server.next(gcs.reply, neverAnswer())
  const stream = file.createWriteStream()
  stream.write('some')
  await once(stream, 'uri')
  expect(breaker.state).toBe('closed')
  stream.destroy()
  await closed(stream)
})

test('a bad answer to a probe opens the breaker again', async () => {
  const { gcs, file, breaker } = await startHalfOpen()
  gcs.server.always(gcsError(503))
  await rejection(file.createReadStream().toArray())
  expect(breaker.state).toBe('open')
})

test('a probe that is given up frees its place', async () => {
  const { gcs, file, breaker } = await startHalfOpen()
  gcs.server.next(neverAnswer())
  const stream = file.createReadStream()
  stream.resume()
  await gcs.server.received(1)
  stream.destroy()
  await closed(stream)
  await file.exists()
  expect(breaker.state).toBe('closed')
})
