/** Hears how reading a body ended. The first word counts. */
export interface BodyObserver {
  /** Whether the request holds a place in half_open, which it must give back in time. */
  readonly probe: boolean
  /** The body has come whole, or nobody wants more of it. Must not lead to anything of the caller's, such as a signal. */
  readonly bodyEnded: () => void
  bodyFailed(error: unknown): void
}

/**
 * Tells the observer how a response's body ended, without reading, cloning or replacing anything: methods on this one object
 * pass the call on and look at its result.
 *
 * A body that nobody has begun to read when the event loop comes round again counts as ended: it may never be read. One that
 * somebody has asked for by then is waited for until it is collected, as what it is for may take its time: a request that it
 * is the body of has to connect first. In a probe no stream is waited for: it may last longer than a probe may.
 */
export function watchBody(response: Response, observer: BodyObserver): void {
  // There is nothing to wait for, or what a test has put in the place of a response does not take part.
  if (!Object.isExtensible(response) || !bodyOf(response)) return observer.bodyEnded()
  const watch = new BodyWatch(observer)
  watchResponse(response, watch)
  setTimeout(() => watch.endUnlessRead(), 0)
}

/** The body, without a word to a watch that is on the response already: that of another `breakerFetch`, further in. */
export function bodyOf(response: Response): Response['body'] {
  const isWatched = Object.getOwnPropertyDescriptor(response, 'body')?.get !== undefined
  return isWatched ? platformBodyOf(response) : response.body
}

function platformBodyOf(response: Response): Response['body'] {
  return Reflect.get(Object.getPrototypeOf(response) as object, 'body', response) as Response['body']
}

// It must not lead to the response: a stream lives on inside the platform, which cancels it when the response is collected.
class BodyWatch {
  /** Streams that are watched already. */
  readonly streams = new WeakSet()
  readonly #observer: BodyObserver
  #isRead = false
  #isTaken = false

  constructor(observer: BodyObserver) {
    this.#observer = observer
  }

  begin(): void {
    this.#isRead = true
  }

  beginStream(): void {
    if (!this.#isRead && this.#observer.probe) this.end()
    this.#isRead = true
  }

  /** Somebody has asked for the stream, and may read it. */
  take(stream: Response['body']): void {
    if (this.#isTaken || stream === null) return
    this.#isTaken = true
    // What is registered is held until then. The observer would lead to the caller's signal, and that to whoever listens to
    // it: to the stream itself, maybe.
    takenStreams.register(stream, this.#observer.bodyEnded)
  }

  endUnlessRead(): void {
    const isWaitedFor = this.#isRead || (this.#isTaken && !this.#observer.probe)
    if (!isWaitedFor) this.end()
  }

  readonly end = (): void => this.#observer.bodyEnded()

  readonly fail = (error: unknown): void => this.#observer.bodyFailed(error)

  /** The same result, once it is known here. */
  async follow<T>(result: T | PromiseLike<T>, isEnd: (value: T) => boolean = () => true): Promise<T> {
    try {
      const value = await result
      if (isEnd(value)) this.end()
      return value
    } catch (error) {
      this.fail(error)
      throw error
    }
  }
}

const takenStreams = new FinalizationRegistry<() => void>((end) => end())

function watchResponse(response: Response, watch: BodyWatch): void {
  for (const name of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text']) {
    shadow(response, name, (read) => {
      return function (...args) {
        // A body that is taken already rejects for reasons of the caller.
        const owner = (this ?? {}) as Partial<Response>
        if (owner.bodyUsed || owner.body?.locked) return read.apply(this, args)
        watch.begin()
        return watch.follow(read.apply(this, args))
      }
    })
  }
  shadow(response, 'clone', (clone) => {
    return function (...args) {
      const copy = clone.apply(this, args) as Response
      watchResponse(copy, watch)
      return copy
    }
  })
  const own = Object.getOwnPropertyDescriptor(response, 'body')
  if (own !== undefined && own.get === undefined) return watchStream(response.body, watch)
  Object.defineProperty(response, 'body', {
    configurable: true,
    // Asked each time: a clone leaves the response with another stream.
    get(this: Response) {
      const body = own?.get === undefined ? platformBodyOf(this) : (own.get.call(this) as Response['body'])
      watchStream(body, watch)
      watch.take(body)
      return body
    },
  })
}

function watchStream(stream: Response['body'], watch: BodyWatch): void {
  if (stream === null || watch.streams.has(stream)) return
  watch.streams.add(stream)
  shadow(stream, 'getReader', (getReader) => {
    return function (...args) {
      const reader = getReader.apply(this, args) as { closed: Promise<unknown> }
      watch.beginStream()
      reader.closed.then(watch.end, watch.fail)
      return reader
    }
  })
  shadow(stream, 'cancel', (cancel) => {
    return function (...args) {
      watch.end()
      return cancel.apply(this, args)
    }
  })
  shadow(stream, 'pipeTo', (pipeTo) => {
    return async function (...args) {
      watch.beginStream()
      try {
        return await pipeTo.apply(this, args)
      } finally {
        // The pipe may have broken at its other end: only the stream itself knows how it ended.
        const source = this as NonNullable<Response['body']>
        if (!source.locked) source.getReader().releaseLock()
      }
    }
  })
  shadow(stream, 'pipeThrough', (pipeThrough) => {
    return function (...args) {
      const { locked, pipeTo } = this as { locked: boolean; pipeTo: Method }
      const [pair, options] = args as [{ readable?: unknown; writable?: { locked?: unknown } } | undefined, unknown]
      const isPair = pair?.readable !== undefined && pair.writable?.locked === false
      if (locked || !isPair) return pipeThrough.apply(this, args)
      // What pipeThrough does (Streams Standard, 4.2.4), by the pipeTo that is watched.
      Promise.resolve(pipeTo.call(this, pair.writable, options)).catch(() => {})
      return pair.readable
    }
  })
  shadow(stream, 'tee', (tee) => {
    return function (...args) {
      const branches = tee.apply(this, args) as [Response['body'], Response['body']]
      for (const branch of branches) watchStream(branch, watch)
      return branches
    }
  })
  for (const name of ['values', Symbol.asyncIterator]) {
    shadow(stream, name, (iterate) => {
      return function (...args) {
        const iterator = iterate.apply(this, args) as object
        watch.beginStream()
        shadow(iterator, 'next', (next) => {
          return function (...nextArgs) {
            return watch.follow(
              next.apply(this, nextArgs),
              (result) => (result as IteratorResult<unknown>).done === true,
            )
          }
        })
        shadow(iterator, 'return', (leave) => {
          return function (...returnArgs) {
            watch.end()
            return leave.apply(this, returnArgs)
          }
        })
        return iterator
      }
    })
  }
}

type Method = (this: unknown, ...args: unknown[]) => unknown

/** Puts a method in front of the one that an object has, where it has one. */
function shadow(object: object, name: PropertyKey, around: (method: Method) => Method): void {
  const method: unknown = Reflect.get(object, name)
  if (typeof method !== 'function') return
  Object.defineProperty(object, name, { value: around(method as Method), configurable: true, writable: true })
}
