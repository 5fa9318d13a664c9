import { parseSync, Visitor } from 'oxc-parser'

/** What a `// => value` says. */
export interface Expectation {
  /** The line of the code that it stands on, from 0. */
  readonly line: number
  readonly value: string
}

/**
 * Turns the `// => value` number n into a call of `$expect` with n and the value of what stands in front of it: of an
 * expression, or of a variable that is declared.
 *
 * @throws {Error} when neither stands there
 */
export function addExpectations(code: string): { readonly code: string; readonly expectations: Expectation[] } {
  const expectations: Expectation[] = []
  const { program, comments, errors } = parseSync('snippet.ts', code)
  if (errors.length > 0) return { code, expectations } // which the type check reports in better words

  // What ends where: the part of the code that a call replaces, what stands before the call, and its value.
  const subjects: { start: number; end: number; before: string; value: string }[] = []
  new Visitor({
    ExpressionStatement({ expression: { start, end } }) {
      subjects.push({ start, end, before: '', value: `(${code.slice(start, end)})` })
    },
    VariableDeclarator({ id, end }) {
      if (id.type === 'Identifier') subjects.push({ start: end, end, before: '; ', value: id.name })
    },
  }).visit(program)

  let checked = code
  // From the end, so that positions stay what the parser said.
  for (const comment of comments.toReversed()) {
    const expected = /^ ?=>(.*)$/.exec(comment.value)?.[1]?.trim()
    if (expected === undefined) continue
    const subject = subjects.find(({ end }) => end <= comment.start && /^;?\s*$/.test(code.slice(end, comment.start)))
    if (subject === undefined) throw new Error(`"${comment.value.trim()}" follows no expression and no variable`)
    const { start, end, before, value } = subject
    checked = `${checked.slice(0, start)}${before}$expect(${expectations.length}, ${value})${checked.slice(end)}`
    expectations.push({ line: code.slice(0, comment.start).split('\n').length - 1, value: expected })
  }
  return { code: checked, expectations }
}
