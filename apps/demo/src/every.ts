/** Calls a function again and again until the handle is disposed of. */
export function every(ms: number, fn: () => void): Disposable {
  const timer = setInterval(fn, ms)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
