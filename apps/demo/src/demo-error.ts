/** The demo cannot go on. The message says why, to the person who started it. */
export class DemoError extends Error {
  override readonly name: string = 'DemoError'
}

/** It was started in a way that cannot work. */
export class UsageError extends DemoError {
  override readonly name = 'UsageError'
}
