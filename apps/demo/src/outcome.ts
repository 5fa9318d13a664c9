/**
 * What became of the payment of a checkout: `failed_slowly` went out to payments and was waited for, `failed_fast` never
 * left the process, and `lost` is a checkout that got no usable answer at all.
 */
export type Outcome = 'paid' | 'failed_slowly' | 'failed_fast' | 'lost'

export const outcomes = ['paid', 'failed_slowly', 'failed_fast', 'lost'] as const satisfies readonly Outcome[]

export type OutcomeCounts = Readonly<Record<Outcome, number>>

export interface Checkout {
  readonly outcome: Outcome
  readonly latencyMs: number
}
