import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answer, type Reply } from './replies.ts'

/** A request as it reached the server. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/**
 * An HTTP server on loopback that does to each request what the test says, and counts what reaches it. Every connection
 * carries one request, so that a socket which stays open belongs to an exchange that has not ended.
 */
export class FlakyServer implements AsyncDisposable {
  readonly url: string
  /** The requests, in the order in which they came. */
  readonly requests: ReceivedRequest[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** The sockets on which a request came. */
  readonly #exchanges = new Set<Socket>()
  readonly #next: Reply[] = []
  readonly #waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[] = []
  #connections = 0
  #always: Reply = answer()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}`
    server.on('connection', (socket) => {
      this.#connections++
      this.#sockets.add(socket)
      // A test that resets connections expects what comes of it.
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.#exchanges.delete(socket)
        this.#wake()
      })
    })
    server.on('request', (request, response) => {
      request.resume()
      response.shouldKeepAlive = false
      this.#exchanges.add(request.socket)
      const { method = '', url = '', headers } = request
      this.requests.push({ method, path: url, headers })
      const reply = this.#next.shift() ?? this.#always
      reply(request, response)
      this.#wake()
    })
  }

  static async start(): Promise<FlakyServer> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FlakyServer(server, (server.address() as AddressInfo).port)
  }

  /** The host and port, as they stand in a URL. */
  get host(): string {
    return new URL(this.url).host
  }

  /** Connections made from the start on. */
  get connections(): number {
    return this.#connections
  }

  get openSockets(): number {
    return this.#sockets.size
  }

  /** What is done with the next requests, one each; those after them get what {@link always} said. */
  next(...replies: Reply[]): void {
    this.#next.push(...replies)
  }

  /** What is done with each request that {@link next} says nothing of. Default: `200 ok`. */
  always(reply: Reply): void {
    this.#always = reply
  }

  /** Resolves when so many requests have come since the start. */
  received(count: number): Promise<void> {
    return this.#when(() => this.requests.length >= count)
  }

  /**
   * Resolves when no socket is open on which a request came. Some versions of Node's own fetch keep one that carries none,
   * for seconds, after a request was aborted.
   */
  drained(): Promise<void> {
    return this.#when(() => this.#exchanges.size === 0)
  }

  /** Lets the process end while the server still listens. */
  unref(): void {
    this.#server.unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #when(isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isOver, resolve })
      this.#wake()
    })
  }

  #wake(): void {
    for (const { isOver, resolve } of this.#waiting) if (isOver()) resolve()
  }
}
