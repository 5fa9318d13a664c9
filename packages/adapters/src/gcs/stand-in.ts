type Method = (this: unknown, ...args: unknown[]) => unknown

/** What is done in place of a method: `method` is the object's own, bound to it. */
export type Replacement = (method: Method, args: unknown[]) => unknown

/**
 * An object that stands for another one and differs from it in nothing but the methods that are replaced. Whatever the other
 * one does, it does as itself, so that its private members work and nothing inside it meets a replacement.
 *
 * @param neighbours objects that, found as a property, have one to stand for them too
 */
export function standInFor<T extends object>(
  object: T,
  replacements: Readonly<Record<string, Replacement>>,
  neighbours: ReadonlyMap<unknown, object> = new Map(),
): T {
  const methods = new Map<PropertyKey, { readonly of: unknown; readonly method: Method }>()
  const standIn: T = new Proxy(object, {
    get(_object, name) {
      const value: unknown = Reflect.get(object, name)
      const replacement = Object.hasOwn(replacements, name) ? replacements[name as string] : undefined
      if (typeof value !== 'function') return neighbours.get(value) ?? value
      // A function that is a value, such as a class, is given as it is.
      if (replacement === undefined && (name === 'constructor' || Object.hasOwn(object, name))) return value
      const known = methods.get(name)
      if (known?.of === value) return known.method
      const method = replacement === undefined ? passOn(value as Method) : replace(value as Method, replacement)
      Object.defineProperties(method, { name: { value: value.name }, length: { value: value.length } })
      methods.set(name, { of: value, method })
      return method
    },
    set: (_object, name, value) => Reflect.set(object, name, value),
  })

  function passOn(method: Method): Method {
    return function (...args) {
      const result = Reflect.apply(method, this === standIn ? object : this, args)
      // What can be chained stays guarded.
      return result === object ? standIn : result
    }
  }

  function replace(method: Method, replacement: Replacement): Method {
    return function (...args) {
      const self = this === standIn ? object : this
      return replacement((...others) => Reflect.apply(method, self, others), args)
    }
  }

  return standIn
}
