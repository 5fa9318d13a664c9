import type { HeaderFields } from './retry-after.ts'

/** Header fields as an object, as Node's own HTTP client and many others have them. */
export type HeaderRecord = Readonly<Record<string, string | readonly string[] | number | boolean | null | undefined>>

/** The fields of either kind; what has none has none. */
export function headerFieldsOf(headers: HeaderFields | HeaderRecord | undefined): HeaderFields {
  return {
    get(name) {
      const value = valueOf(headers, name)
      // Several fields of one name are one, with commas (RFC 9110, 5.3). Some clients give numbers.
      return value === undefined || value === null ? null : String(value)
    },
  }
}

function valueOf(headers: HeaderFields | HeaderRecord | undefined, name: string): HeaderRecord[string] {
  if (typeof headers?.get === 'function') return (headers as HeaderFields).get(name)
  return Object.entries(headers ?? {}).find(([other]) => other.toLowerCase() === name)?.[1]
}
