import type { Operation } from './operation.ts'
import { override, type StreamObserver, type VendorReadStream } from './vendor-stream.ts'

const CLIENT_CLOSED_REQUEST = 499

/** What the client's stream tells of the response that it reads from: itself a stream. */
interface VendorResponse {
  statusCode?: number
  readonly destroyed?: boolean
  destroy?(): unknown
  [Symbol.asyncIterator]?: () => AsyncIterator<unknown>
  readonly request?: { agent?: unknown }
  on?(event: 'unpipe', listener: (source: { destroy(): unknown }) => void): unknown
}

/**
 * Tells the observer how reading a stream goes. Listeners of our own would change it (one for `data` starts it, one for
 * `error` hides an error that nobody handles), so it is the stream's methods that are watched.
 */
export function watchReads(stream: VendorReadStream, observer: StreamObserver): void {
  const { _read, push, destroy } = stream
  let operation: Operation | undefined
  let response: VendorResponse | undefined
  let isOver = false

  const read = function (this: VendorReadStream, size: number): void {
    if (operation !== undefined) {
      operation.waitForService()
      return _read.call(this, size)
    }
    try {
      operation = observer.begin()
    } catch (error) {
      stream.destroy(error)
      return
    }
    operation.waitForService()
    operation.run(() => _read.call(this, size))
  }

  override(stream, {
    _read: read,
    push(chunk, encoding) {
      const wantsMore = push.call(stream, chunk, encoding)
      if (operation === undefined || isOver) return wantsMore
      if (chunk === null) {
        isOver = true
        observer.ended(operation)
      } else if (wantsMore) operation.waitForService()
      else operation.waitForCaller()
      return wantsMore
    },
    destroy(error, ...others) {
      if (operation !== undefined && !isOver) {
        isOver = true
        observer.destroyed(operation, { error, byClient: isByClient(error, response), ofService: false })
      }
      return destroy.call(stream, error, ...others)
    },
  })
  stream.on('response', (value) => {
    response = value ?? {}
    closeAloneWhenDestroyed(response)
    if (stream.destroyed) turnDown(response)
    else if (isGood(response)) operation?.answered()
  })
}

/**
 * When a download breaks, the client destroys its agent, and with it whatever else is under way in the process: that is how
 * its version 7 closes the connection, which has to be done in another way then.
 */
function closeAloneWhenDestroyed(response: VendorResponse): void {
  if (response.request !== undefined) response.request.agent = false
  response.on?.('unpipe', (source) => response.destroyed && source.destroy())
}

/**
 * For a stream that was destroyed before its answer came: the client pipes a good one into it all the same, and on Node 24
 * that ends the process. A bad one it throws away, after it has read what it says.
 */
function turnDown(response: VendorResponse): void {
  response.statusCode = CLIENT_CLOSED_REQUEST
  response[Symbol.asyncIterator] = async function* () {}
  response.destroy?.()
}

/**
 * Whoever reads a stream destroys it with errors of its own, which may look like those of the network: the other end of a
 * pipeline does. While a good response comes, errors of the client are those of the response, which is destroyed first.
 */
function isByClient(error: unknown, response: VendorResponse | undefined): boolean {
  if (!error) return false
  return response?.destroyed === undefined || !isGood(response) || response.destroyed
}

function isGood({ statusCode = 200 }: VendorResponse): boolean {
  return statusCode < 300
}
