import { type GuardSettings, Operation } from './operation.ts'
import { isStream, type StreamObserver } from './vendor-stream.ts'

/**
 * Guards a stream of the client as an operation of its own, from its first use on. One that is not admitted is destroyed,
 * at once or when it is first used, with the error that says so.
 */
export function guardStream<S>(
  settings: GuardSettings,
  stream: S,
  watch: (stream: S, observer: StreamObserver) => void,
): S {
  // What a test has put in the place of a stream.
  if (!isStream(stream)) return stream
  const begin = (): Operation => {
    const operation = new Operation(settings, () => {})
    operation.includes(stream)
    return operation
  }
  let begun: Operation | undefined
  try {
    if (settings.signal?.aborted || !settings.breaker.isAvailable()) begun = begin()
  } catch (error) {
    stream.destroy(error)
    return stream
  }
  watch(stream, {
    begin: () => begun ?? begin(),
    ended: (operation) => operation.succeeded(stream),
    destroyed(operation, fault) {
      operation.faulted(fault)
      if (fault.error) operation.failed(fault.error)
      else operation.ignored()
    },
  })
  return stream
}

/** What hears of a stream that is only a part of an operation. */
export function partOf(operation: Operation): StreamObserver {
  return {
    operation,
    begin: () => operation,
    ended: () => operation.waitForCaller(),
    destroyed(_operation, fault) {
      operation.faulted(fault)
      // The client may try again.
      operation.waitForService()
    },
  }
}
