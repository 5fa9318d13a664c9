import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** What a {@link FlakyServer} does with one request. */
export type Reply = (request: IncomingMessage, response: ServerResponse) => void

export interface Answer {
  /** Default: 200. */
  readonly status?: number
  readonly headers?: OutgoingHttpHeaders
  /** A list is sent chunk by chunk, without a length. Default: `ok`. */
  readonly body?: string | Uint8Array | readonly string[]
}

/** A whole answer. */
export function answer({ status = 200, headers = {}, body = 'ok' }: Answer = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, headers)
    const chunks = typeof body === 'string' || body instanceof Uint8Array ? undefined : body
    for (const chunk of chunks ?? []) response.write(chunk)
    response.end(chunks === undefined ? body : undefined)
  }
}

/** Resets the connection before a byte is sent. */
export function resetBeforeHeaders(): Reply {
  return (request) => void request.socket.resetAndDestroy()
}

/** Sends what is no HTTP, and ends the connection. */
export function speakNonsense(): Reply {
  return (request) => void request.socket.end('HTTP/1.1 nonsense\r\n\r\n')
}

/** Sends headers and a part of the body they promise, then ends the connection. */
export function cutBody({ status = 200, headers = {} }: Answer = {}): Reply {
  return (request, response) => {
    response.writeHead(status, { ...headers, 'content-length': 1_000 })
    response.write('the first part', () => request.socket.end())
  }
}

/** Takes the request and says nothing until the server closes. */
export function neverAnswer(): Reply {
  return () => {}
}

/** Keeps requests waiting until the test releases them. */
export class HeldReply {
  readonly #reply: Reply
  #waiting: (() => void)[] | undefined = []

  constructor(reply: Reply = answer()) {
    this.#reply = reply
  }

  readonly reply: Reply = (request, response) => {
    if (this.#waiting === undefined) this.#reply(request, response)
    else this.#waiting.push(() => this.#reply(request, response))
  }

  /** Replies to all that wait, and from now on at once. */
  release(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const reply of waiting) reply()
  }
}

/** Sends headers at once, and of the body what the test says when it says so. */
export class OpenBody {
  readonly #answer: Omit<Answer, 'body'>
  #response: ServerResponse | undefined

  constructor(answerHead: Omit<Answer, 'body'> = {}) {
    this.#answer = answerHead
  }

  readonly reply: Reply = (_request, response) => {
    this.#response = response
    response.writeHead(this.#answer.status ?? 200, this.#answer.headers)
    response.flushHeaders()
  }

  write(chunk: string): void {
    this.#opened().write(chunk)
  }

  end(): void {
    this.#opened().end()
  }

  /** Resets the connection: the body has no end. */
  reset(): void {
    this.#opened().socket?.resetAndDestroy()
  }

  #opened(): ServerResponse {
    if (this.#response === undefined) throw new Error('no request has come for this body')
    return this.#response
  }
}
