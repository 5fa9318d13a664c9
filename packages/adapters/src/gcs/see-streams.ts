import { partOf } from './call-stream.ts'
import type { Operation } from './operation.ts'
import { isGuarded } from './originals.ts'
import { isStream, type VendorReadStream, type VendorWriteStream } from './vendor-stream.ts'
import { watchReads } from './watch-reads.ts'
import { watchWrites } from './watch-writes.ts'

type Method = (...args: never[]) => unknown
type Undo = () => void

/** Sees the stream that the client opens on a file to read it while `fn` runs, so that it can be timed and broken off. */
export function seeReadStream<T>(operation: Operation, file: object, fn: () => T): T {
  const seen = (stream: unknown): void => {
    if (!isStream(stream)) return
    operation.includes(stream)
    watchReads(stream as VendorReadStream, partOf(operation))
  }
  return during([see(file, 'createReadStream', seen)], fn)
}

/** As {@link seeReadStream}, for what is written to a file. */
export function seeWriteStream<T>(operation: Operation, file: object, fn: () => T): T {
  return during([seeWrites(operation, file)], fn)
}

/** As {@link seeWriteStream}, for a file that a bucket makes while `fn` runs. */
export function seeWriteStreamOfNewFile<T>(operation: Operation, bucket: object, fn: () => T): T {
  const undos: Undo[] = []
  undos.push(see(bucket, 'file', (file) => undos.push(seeWrites(operation, file as object))))
  return during(undos, fn)
}

function seeWrites(operation: Operation, file: object): Undo {
  return see(file, 'createWriteStream', (stream) => {
    if (!isStream(stream)) return
    operation.includes(stream)
    watchWrites(stream as VendorWriteStream, partOf(operation), false)
    // Until there is something to write.
    operation.waitForCaller()
  })
}

function during<T>(undos: readonly Undo[], fn: () => T): T {
  try {
    return fn()
  } finally {
    for (const undo of undos) undo()
  }
}

/** Lets us see what a method of an object gives, until it is undone. */
function see(object: object, name: string, seen: (value: unknown) => void): Undo {
  // What another breaker guards makes operations of its own.
  if (isGuarded(object)) return () => {}
  const before = Reflect.getOwnPropertyDescriptor(object, name)
  const method = (object as Record<string, Method>)[name] as Method
  const value = function (this: unknown, ...args: never[]): unknown {
    const result = Reflect.apply(method, this, args)
    seen(result)
    return result
  }
  // An object that is frozen does without.
  if (!Reflect.defineProperty(object, name, { value, configurable: true, writable: true })) return () => {}
  return () => {
    if (before === undefined) Reflect.deleteProperty(object, name)
    else Reflect.defineProperty(object, name, before)
  }
}
