/** Lets go of a response that nobody will read: its connection would stay busy. */
export async function dropBody(response: Response): Promise<void> {
  try {
    // What a test has put in the place of a response may have a body of any kind, or none.
    const body = (response as Partial<Response> | undefined)?.body as Partial<ReadableStream> | null | undefined
    await body?.cancel?.()
  } catch {
    // Somebody reads it, or it has broken: its connection is not ours to free.
  }
}
