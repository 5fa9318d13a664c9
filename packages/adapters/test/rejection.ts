/** What a promise was rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('it was not rejected')),
    (reason: unknown) => reason,
  )
}
