import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { nodes } from '@switchgear/node-matrix'
import { gcsError } from '@switchgear/testkit/fake-gcs'
import { describe, expect, test } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { NONE, startScene, withoutWaits } from './scene.ts'

// What the guide says of the client's own retries. Where one of these fails, the client has changed and the guide is wrong.

const execute = promisify(execFile)

/** Downloads an object from a server that says 503 once. The client waits a second before it tries again; here it does not. */
const DOWNLOAD = `
  import { createServer } from 'node:http'
  import { Storage } from '@google-cloud/storage'
  const { setTimeout } = globalThis
  globalThis.setTimeout = (callback, _ms, ...args) => setTimeout(callback, 0, ...args)
  let requests = 0
  const server = createServer((_request, response) => {
    response.writeHead(requests++ === 0 ? 503 : 200, { connection: 'close' }).end('content')
  })
  server.listen(0, '127.0.0.1', async () => {
    const apiEndpoint = 'http://127.0.0.1:' + server.address().port
    const autoRetry = process.argv[1] === 'on'
    const storage = new Storage({ apiEndpoint, projectId: 'test', retryOptions: { autoRetry } })
    await storage.bucket('bucket').file('object').download().then(() => console.log('downloaded'), () => console.log('rejected'))
    server.close()
  })`

async function download(node: string, autoRetry: 'on' | 'off'): Promise<string> {
  const args = ['--input-type=module', '--eval', DOWNLOAD, autoRetry]
  const options = { cwd: import.meta.dirname, timeout: 60_000 }
  try {
    const { stdout } = await execute(node, args, options)
    return stdout.trim()
  } catch (error) {
    return /code: '(\w+)'/.exec((error as { stderr: string }).stderr)?.[1] ?? String(error)
  }
}

describe('a download that is answered 503', () => {
  test.each([
    ['node22', 'downloaded'],
    ['node24', 'ERR_STREAM_UNABLE_TO_PIPE'],
    ['node26', 'ERR_STREAM_UNABLE_TO_PIPE'],
  ])('on %s, with the retries of the client: %s', { timeout: 120_000 }, async (node, outcome) => {
    expect(await download(nodes.get(node) ?? '', 'on')).toBe(outcome)
  })

  test.each(['node22', 'node24', 'node26'])('on %s, without them: rejected', { timeout: 120_000 }, async (node) => {
    expect(await download(nodes.get(node) ?? '', 'off')).toBe('rejected')
  })
})

test('maxRetries: 0 is taken for 3', async () => {
  withoutWaits()
  const { gcs, file, breaker } = await startScene({ retryOptions: { maxRetries: 0 } })
  gcs.server.always(gcsError(503))
  await rejection(file.exists())
  expect(gcs.server.requests).toHaveLength(4)
  expect(verdicts(breaker)).toEqual({ ...NONE, failure: 1 })
})

test('a maxRetryDelay below 1 makes each save fail, which is ignored', async () => {
  const { gcs, file, breaker } = await startScene({ retryOptions: { autoRetry: false, maxRetryDelay: 0.5 } })
  expect(await rejection(file.save('content'))).toBeInstanceOf(Error)
  expect(gcs.server.requests).toHaveLength(0)
  expect(verdicts(breaker)).toEqual({ ...NONE, ignored: 1 })
})

test('a save without a precondition is not tried again', async () => {
  withoutWaits()
  const { gcs, file } = await startScene({ retryOptions: { autoRetry: true } })
  gcs.server.always(gcsError(503))
  await rejection(file.save('content', { resumable: false }))
  expect(gcs.server.requests).toHaveLength(1)
})
