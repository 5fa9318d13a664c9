import type { Operation } from './operation.ts'
import { override, type StreamCallback, type StreamObserver, type VendorWriteStream } from './vendor-stream.ts'

const NOTHING = new Uint8Array()

/**
 * Tells the observer how writing a stream goes, by watching the stream's methods: a listener for `error` would hide an error
 * that nobody handles.
 *
 * @param hasSession whether the stream goes on with a resumable upload that was begun before
 */
export function watchWrites(stream: VendorWriteStream, observer: StreamObserver, hasSession: boolean): void {
  const { _write, _final, destroy } = stream
  let operation: Operation | undefined
  let isLast = false
  let isOver = false
  let isResumable = hasSession

  const faultOf = (error: unknown, byClient: boolean): Parameters<StreamObserver['destroyed']>[1] => {
    // Once an upload has a session, the client wraps whatever befalls it in an Error that has neither code nor cause.
    return { error, byClient, ofService: byClient && isResumable && isBareError(error) }
  }
  /** Does a step of the upload, in which the service has to take or to answer something; the first one begins it. */
  const step = (callback: StreamCallback, run: (done: StreamCallback) => void, done: StreamCallback): void => {
    const current = operation
    try {
      operation ??= observer.begin()
    } catch (error) {
      callback(error)
      return
    }
    operation.waitForService()
    if (current === undefined) operation.run(() => run(done))
    else run(done)
  }

  override(stream, {
    _write(chunk, encoding, callback) {
      step(
        callback,
        (done) => _write.call(stream, chunk, encoding, done),
        (error) => {
          operation?.waitForCaller()
          callback(error)
        },
      )
    },
    _final(callback) {
      isLast = true
      step(
        callback,
        (done) => _final.call(stream, done),
        (error) => {
          if (operation !== undefined && !isOver) {
            isOver = true
            if (error) observer.destroyed(operation, faultOf(error, true))
            else observer.ended(operation)
          }
          callback(error)
        },
      )
    },
    destroy(error, ...others) {
      const current = operation ?? observer.operation
      if (current !== undefined && !isOver) {
        isOver = true
        // Before the first piece the client has nothing to say; what it has to after the last, it says to the callback of _final.
        if (!error || operation === undefined || isLast) observer.destroyed(current, faultOf(error, false))
        else {
          // When the client has given up, what this stream feeds is destroyed already: it takes nothing, not even nothing.
          let byClient = false
          _write.call(stream, NOTHING, 'buffer', (refusal) => void (byClient ||= Boolean(refusal)))
          stream.on('close', () => observer.destroyed(current, faultOf(error, byClient)))
        }
      }
      return destroy.call(stream, error, ...others)
    },
  })
  stream.on('progress', () => operation?.progressed())
  stream.on('uri', () => {
    isResumable = true
    operation?.answered()
  })
}

function isBareError(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error && !('code' in error)
}
