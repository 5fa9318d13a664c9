// Loaded into the process of a snippet, before it. EXPECTATIONS has what each `// => value` says, and where.
import { inspect } from 'node:util'
import { runInThisContext } from 'node:vm'

declare global {
  /** Throws unless a value prints as the expectation of that number says, or as the expression in it does. */
  function $expect(number: number, value: unknown): void
}

const expectations: { at: string; value: string }[] = JSON.parse(process.env['EXPECTATIONS'] ?? '[]')
const unmet = new Set(expectations)

globalThis.$expect = (number, value) => {
  const expectation = expectations[number]
  if (expectation === undefined) throw new RangeError(`there is no expectation number ${number}`)
  const printed = print(value)
  if (printed !== expectation.value && printed !== evaluate(expectation.value)) {
    throw new Error(`${expectation.at}: expected ${expectation.value}, got ${printed}`)
  }
  unmet.delete(expectation)
}

process.on('exit', (code) => {
  if (code !== 0 || unmet.size === 0) return
  process.exitCode = 1
  for (const { at, value } of unmet) console.error(`${at}: expected ${value}, and it was never reached`)
})

function print(value: unknown): string {
  return inspect(value, { breakLength: Infinity, depth: Infinity })
}

function evaluate(expression: string): string | undefined {
  try {
    return print(runInThisContext(`(${expression})`))
  } catch {
    return undefined // no expression: what it prints as, such as [class A]
  }
}
