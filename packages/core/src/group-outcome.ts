import type { CircuitOpenError } from './errors.ts'
import type { CallContext } from './permit.ts'

/** The functions of a group by name. All take the call's context and the same arguments. */
export type GroupMembers = Readonly<Record<string, (context: CallContext, ...args: never[]) => unknown>>

/** The arguments that every member of a group can be called with. A member that needs fewer may take fewer. */
export type GroupArgs<M extends GroupMembers> = FittingArgs<M, ArgsOf<M[keyof M]>>

type ArgsOf<F> = F extends (context: never, ...args: infer A) => unknown ? A : never
type FittingArgs<M extends GroupMembers, A> = A extends unknown[]
  ? M[keyof M] extends (context: CallContext, ...args: A) => unknown
    ? A
    : never
  : never

/** What became of the members of a group, by their names. */
export interface GroupOutcome<M extends GroupMembers = GroupMembers> {
  /** The results. */
  readonly ok: { readonly [K in keyof M]?: Awaited<ReturnType<M[K]>> }
  /** What members threw. */
  readonly failed: { readonly [K in keyof M]?: unknown }
  /** Members that were not called: their breakers did not admit it. */
  readonly skipped: { readonly [K in keyof M]?: CircuitOpenError }
  /** Whether a member that was asked gave no result. */
  readonly degraded: boolean
}

/** The result of the first member that gave one, and what became of those before it. */
export type GroupFirst<M extends GroupMembers> = {
  readonly [K in keyof M]: { readonly member: K; readonly value: Awaited<ReturnType<M[K]>> } & Omit<
    GroupOutcome<M>,
    'ok'
  >
}[keyof M]

/** How asking one member ended. */
export type Attempt =
  | { readonly member: string; readonly kind: 'ok' | 'failed'; readonly value: unknown }
  | { readonly member: string; readonly kind: 'skipped'; readonly value: CircuitOpenError }

/** What attempts came to, in their order. */
export function outcomeOf(attempts: readonly Attempt[]): GroupOutcome {
  return {
    ok: pick(attempts, 'ok'),
    failed: pick(attempts, 'failed'),
    skipped: pick(attempts, 'skipped') as Record<string, CircuitOpenError>,
    degraded: attempts.some(({ kind }) => kind !== 'ok'),
  }
}

function pick(attempts: readonly Attempt[], kind: Attempt['kind']): Record<string, unknown> {
  return Object.fromEntries(
    attempts.filter((attempt) => attempt.kind === kind).map(({ member, value }) => [member, value]),
  )
}
