import type { BreakerConfig } from './options.ts'

/** The names of the options in which two breakers differ. */
export function differingOptions(a: BreakerConfig, b: BreakerConfig): string[] {
  const names = Object.keys(a) as (keyof BreakerConfig)[]
  return names.filter((name) => name !== 'dangers' && !isSame(a[name], b[name]))
}

/** Whether two option values say the same: policies by what they are made of, functions by their text. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  // A function written in place is a new one each time its line runs.
  if (typeof a === 'function') return String(a) === String(b)
  // By name: another copy of this package has classes of its own.
  if (!isObject(a) || !isObject(b) || a.constructor?.name !== b.constructor?.name) return false
  const keys = Object.keys(a)
  return (
    // An object without fields, such as a clock, says nothing of what it is made of.
    (keys.length > 0 || Array.isArray(a)) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => isSame(a[key as keyof typeof a], b[key as keyof typeof b]))
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
