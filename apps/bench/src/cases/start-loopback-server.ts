import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts a server in another process and gives its URL; it ends with this process. */
export async function startLoopbackServer(): Promise<string> {
  const server = fork(new URL('loopback-server.ts', import.meta.url))
  const [port] = (await once(server, 'message')) as [number]
  return `http://127.0.0.1:${port}/`
}
