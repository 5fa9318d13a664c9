import { nameError, withoutStack } from './errors.ts'
import { type Attempt, type GroupOutcome, outcomeOf } from './group-outcome.ts'

/** Why a member of a group gave no result. The `cause` is what it threw, or the `CircuitOpenError` of its breaker. */
export class GroupMemberError extends Error {
  readonly member: string
  /** Whether it was not called, since its breaker did not admit the call. */
  readonly skipped: boolean

  constructor(member: string, skipped: boolean, cause: unknown) {
    super(`${member} ${skipped ? 'was skipped' : 'failed'}`, { cause })
    nameError(this, 'GroupMemberError')
    this.member = member
    this.skipped = skipped
  }
}

/** Fewer members of a group gave a result than were needed. The `errors` say of each of the others why. */
export class CircuitGroupError extends AggregateError {
  readonly code = 'ERR_CIRCUIT_GROUP'
  declare readonly errors: GroupMemberError[]
  readonly groupName: string
  /** How many results were needed. */
  readonly minimum: number
  /** What became of each member, the results that there are included. */
  readonly outcome: GroupOutcome

  constructor(groupName: string, minimum: number, attempts: readonly Attempt[]) {
    const errors = attempts
      .filter(({ kind }) => kind !== 'ok')
      .map(({ member, kind, value }) => withoutStack(() => new GroupMemberError(member, kind === 'skipped', value)))
    const why = errors.map(({ message }) => message).join(', ')
    super(
      errors,
      `circuit breaker group "${groupName}" gave ${attempts.length - errors.length} of ${minimum} results: ${why}`,
    )
    nameError(this, 'CircuitGroupError')
    this.groupName = groupName
    this.minimum = minimum
    this.outcome = outcomeOf(attempts)
  }
}
