import type { Operation, StreamFault } from './operation.ts'

// What is used of Node's streams, in words of its own: the client's types differ between its ESM and its CommonJS build.

interface VendorStream {
  readonly destroyed: boolean
  destroy: (error?: unknown, ...others: unknown[]) => unknown
  on(event: string, listener: (value: unknown) => void): unknown
}

export interface VendorReadStream extends VendorStream {
  _read: (size: number) => void
  push: (chunk: unknown, encoding?: string) => boolean
}

/** Is given an error, or nothing. */
export type StreamCallback = (error?: unknown) => void

export interface VendorWriteStream extends VendorStream {
  _write: (chunk: unknown, encoding: string, callback: StreamCallback) => void
  _final: (callback: StreamCallback) => void
}

/** Hears of a stream's life, which begins when it is first used: a stream that nobody uses asks nothing of the service. */
export interface StreamObserver {
  /** The operation that the stream is a part of, if it began before the stream. */
  readonly operation?: Operation
  /** Gives the operation that the stream belongs to; throws when it is not admitted. */
  begin(): Operation
  /** The stream has done all that it was asked for. */
  ended(operation: Operation): void
  /** The stream was destroyed before; with an error, or without one by who uses it. */
  destroyed(operation: Operation, fault: StreamFault): void
}

export function isStream(value: unknown): value is VendorStream {
  const { destroy, on } = (value ?? {}) as Partial<VendorStream>
  return typeof destroy === 'function' && typeof on === 'function'
}

/** Puts methods before those that this one object has. They stay out of sight of whoever lists its properties. */
export function override<S extends object>(stream: S, methods: Partial<S>): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(stream, name, { value, configurable: true, writable: true })
  }
}
