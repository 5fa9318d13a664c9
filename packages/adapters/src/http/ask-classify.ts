import type { KeyedOptions, Outcome, Verdict } from '@switchgear/core'

const reported = new WeakSet()

/**
 * What the caller's `classify` says of an outcome; undefined leaves it to the default. One that throws or gives no verdict
 * counts as a failure, which is printed once; `adapter` says whose it is.
 */
export function askClassify(
  classify: KeyedOptions['classify'],
  outcome: Outcome,
  durationMs: number,
  adapter: string,
): Verdict | undefined {
  if (classify === undefined) return undefined
  try {
    const verdict: unknown = classify(outcome, durationMs)
    if (verdict === undefined || verdict === 'success' || verdict === 'failure' || verdict === 'ignored') return verdict
    // An async function given by mistake: its rejection would end the process.
    if (verdict instanceof Promise) verdict.catch(() => {})
    warnOnce(classify, `${adapter}: classify gave no verdict (success, failure, ignored or undefined)`)
  } catch {
    warnOnce(classify, `${adapter}: classify threw`)
  }
  return 'failure'
}

function warnOnce(classify: object, what: string): void {
  if (reported.has(classify)) return
  reported.add(classify)
  console.warn(`switchgear: ${what}; counted as failure`)
}
