import { CircuitBreakerConfigError } from './errors.ts'

/** Whether a value is allowed, and what is, in words. */
export type Rule = readonly [isAllowed: (value: unknown) => boolean, allowed: string]

export const isDuration = (value: unknown): value is number => typeof value === 'number' && value >= 0
export const isFunction = (value: unknown): boolean => typeof value === 'function'

const isCount = (value: unknown): boolean =>
  value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 1)

export const count: Rule = [isCount, 'a whole number of at least 1, or Infinity']
export const duration: Rule = [isDuration, 'a number of ms, 0 or more']
export const positiveDuration: Rule = [(value) => isDuration(value) && value > 0, 'a number of ms above 0']
export const rate: Rule = [
  (value) => typeof value === 'number' && value > 0 && value <= 1,
  'a number above 0, at most 1',
]
export const flag: Rule = [(value) => typeof value === 'boolean', 'true or false']
export const func: Rule = [isFunction, 'a function']
export const object: Rule = [(value) => typeof value === 'object' && value !== null, 'an object']

export const oneOf = (...values: string[]): Rule => [
  (value) => values.includes(value as string),
  values.map((value) => JSON.stringify(value)).join(' or '),
]

export const hasMethod =
  (method: string) =>
  (value: unknown): boolean =>
    isFunction((value as Record<string, unknown> | null)?.[method])
export const withMethod = (method: string, allowed: string): Rule => [hasMethod(method), allowed]

/**
 * Refuses names that are not known, with the nearest known one, and values that their rule does not allow. An option that
 * is undefined is one that is not given; those of `required` must be. `path` comes before the names in errors: empty, or
 * ends in a dot.
 *
 * @throws {CircuitBreakerConfigError}
 */
export function validateOptions(
  path: string,
  options: object,
  rules: Readonly<Record<string, Rule>>,
  required: readonly string[] = [],
): void {
  if (!object[0](options)) throw new CircuitBreakerConfigError(path.slice(0, -1) || 'options', options, object[1])
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const name of required) {
    const [, allowed] = rules[name] as Rule
    if (!given.some(([other]) => other === name)) throw new CircuitBreakerConfigError(path + name, undefined, allowed)
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
    if (rule === undefined) throw new CircuitBreakerConfigError(path + name, value, knownNames(path, name, rules))
    if (value !== undefined && !rule[0](value)) throw new CircuitBreakerConfigError(path + name, value, rule[1])
  }
}

function knownNames(path: string, name: string, rules: object): string {
  const names = Object.keys(rules)
  const distances = names.map((known) => distance(name.toLowerCase(), known.toLowerCase()))
  const least = Math.min(...distances)
  return least > 2
    ? `no option of this name, only ${names.join(', ')}`
    : `did you mean ${path}${names[distances.indexOf(least)]}?`
}

/** How many letters must be inserted, dropped or changed to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(changed, (above[j] as number) + 1, (row[j - 1] as number) + 1))
    }
  }
  return row[b.length] as number
}
