/** @throws {Error} unless the answer is a success */
export async function getJson<T>(url: string | URL): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${String(url)} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as T
}
