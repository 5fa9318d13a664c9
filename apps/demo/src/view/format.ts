/** A duration as short as it can be said: `35 µs`, `0.4 ms`, `24 ms`, `2.3 s`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '–'
  if (ms < 0.0995) return `${Math.round(ms * 1_000)} µs`
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** Minutes and seconds: `00:07`. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}
