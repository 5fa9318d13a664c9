import { type GuardSettings, Operation } from './operation.ts'

/** Makes one call of a method of the client; `args` are those it was called with, or have a callback of ours among them. */
export type Start = (operation: Operation, args: unknown[]) => unknown

type Callback = (...results: unknown[]) => unknown

/**
 * Guards a call of the client, which gives a promise unless it is given a callback, as the client has it.
 *
 * @param fixed how many arguments stand before those among which a callback may be
 */
export function callMethod(settings: GuardSettings, args: unknown[], fixed: number, start: Start): unknown {
  const index = findCallback(args, fixed)
  return index === -1 ? callForPromise(settings, args, start) : callWithCallback(settings, args, index, start)
}

function callForPromise(settings: GuardSettings, args: unknown[], start: Start): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const operation = new Operation(settings, reject)
    operation.waitForService()
    begin(operation, args, start).then(
      (value) => {
        operation.succeeded(value)
        resolve(value)
      },
      (error: unknown) => {
        operation.failed(error)
        reject(error)
      },
    )
  })
}

async function begin(operation: Operation, args: unknown[], start: Start): Promise<unknown> {
  return operation.run(() => start(operation, args))
}

function callWithCallback(settings: GuardSettings, args: unknown[], index: number, start: Start): unknown {
  const callback = args[index] as Callback
  let isCut = false
  let operation: Operation
  try {
    operation = new Operation(settings, (error) => {
      isCut = true
      callback(error)
    })
  } catch (error) {
    queueMicrotask(() => callback(error))
    return undefined
  }
  operation.waitForService()
  const settling: Callback = function (this: unknown, ...results) {
    if (isCut) return undefined
    const [error] = results
    if (error) operation.failed(error)
    else operation.succeeded(results.slice(1))
    return Reflect.apply(callback, this, results)
  }
  const given = [...args]
  given[index] = settling
  try {
    return operation.run(() => start(operation, given))
  } catch (error) {
    operation.failed(error)
    throw error
  }
}

/** The last argument that is there, if it is a function. */
function findCallback(args: readonly unknown[], fixed: number): number {
  let last = args.length - 1
  while (last > fixed && args[last] === undefined) last--
  return last >= fixed && typeof args[last] === 'function' ? last : -1
}
