import { isTimeout } from './call.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { CircuitBreakerRegistry } from './circuit-breaker-registry.ts'
import { CircuitGroupError } from './circuit-group-error.ts'
import { getDefaultRegistry } from './default-registry.ts'
import { CircuitBreakerConfigError, findCircuitOpenError } from './errors.ts'
import {
  type Attempt,
  type GroupArgs,
  type GroupFirst,
  type GroupMembers,
  type GroupOutcome,
  outcomeOf,
} from './group-outcome.ts'
import { sharedOptionRules } from './keyed-options.ts'
import { type Rule, validateOptions, withMethod } from './option-rules.ts'
import type { CircuitBreakerOptions } from './options.ts'
import type { CircuitBreakerStatus } from './status.ts'

/** The options of a group: those of its members' breakers. */
export interface GroupOptions extends Omit<CircuitBreakerOptions, 'restore'> {
  /** Where the breakers are. Default: the registry of the process. */
  registry?: CircuitBreakerRegistry
}

/** What may be said of one round through a group. */
export interface SettleOptions {
  /** How many results are needed. Default: 1. */
  readonly minimum?: number | undefined
  /** The caller's own wish to stop. */
  readonly signal?: AbortSignal | undefined
}

/** What may be said of one search through a group. */
export interface FirstOptions<M extends GroupMembers> {
  /** Which members to ask, the preferred one first. Default: all, in the order of the group. */
  readonly order?: readonly (keyof M)[] | undefined
  /** The caller's own wish to stop. */
  readonly signal?: AbortSignal | undefined
}

const rules: Record<keyof GroupOptions, Rule> = {
  ...sharedOptionRules,
  registry: withMethod('get', 'a CircuitBreakerRegistry'),
}

type Member = readonly [name: string, call: GroupMembers[string], breaker: CircuitBreaker]

/**
 * Several ways to one end, each behind a breaker of its own, `<group>.<member>`: those that work make up for those that
 * do not.
 *
 * @throws {CircuitBreakerConfigError} for members that are no functions, or options that are not allowed
 */
export class CircuitBreakerGroup<M extends GroupMembers> {
  readonly name: string
  /** The breakers by their members' names. */
  readonly breakers: { readonly [K in keyof M]: CircuitBreaker }
  readonly #members: readonly Member[]

  constructor(
    name: string,
    members: M & ([GroupArgs<M>] extends [never] ? 'all members must take the same arguments' : unknown),
    options: GroupOptions = {},
  ) {
    validateOptions('', options, rules)
    const { registry = getDefaultRegistry(), ...own } = options
    const breakerOptions = Object.keys(own).length > 0 ? own : undefined
    this.name = name
    this.#members = checkMembers(name, members).map(([member, call]) => [
      member,
      call,
      registry.get(`${name}.${member}`, breakerOptions),
    ])
    this.breakers = Object.freeze(this.#map((breaker) => breaker))
  }

  /**
   * Calls all members that are available, side by side, and gives what became of each.
   *
   * Rejects with a {@link CircuitGroupError}, an `AggregateError`, when fewer than `minimum` gave a result, and with
   * `signal.reason` when the caller aborts. A signal whose time is over, as that of `AbortSignal.timeout`, is no abort: the
   * members that were not ready by then have failed.
   */
  async settle(args: GroupArgs<M>, { minimum = 1, signal }: SettleOptions = {}): Promise<GroupOutcome<M>> {
    const most = this.#members.length
    if (!Number.isSafeInteger(minimum) || minimum < 0 || minimum > most) {
      throw new CircuitBreakerConfigError('minimum', minimum, `a whole number from 0 to ${most}, the number of members`)
    }
    signal?.throwIfAborted()
    const attempts = await Promise.all(this.#members.map((member) => this.#ask(member, args, signal)))
    const outcome = outcomeOf(attempts)
    const isAbort = signal?.aborted === true && !isTimeout(signal.reason)
    if (isAbort && Object.values(outcome.failed).includes(signal.reason)) throw signal.reason
    if (Object.keys(outcome.ok).length < minimum) throw new CircuitGroupError(this.name, minimum, attempts)
    return outcome as GroupOutcome<M>
  }

  /**
   * Asks one member after the other until one gives a result. Those that are not available are skipped.
   *
   * Rejects with a {@link CircuitGroupError}, an `AggregateError`, when none gave a result, and with `signal.reason` when
   * `signal` aborts, for whatever reason.
   */
  async first(args: GroupArgs<M>, { order, signal }: FirstOptions<M> = {}): Promise<GroupFirst<M>> {
    const attempts: Attempt[] = []
    for (const member of this.#checkOrder(order)) {
      signal?.throwIfAborted()
      const attempt = await this.#ask(member, args, signal)
      attempts.push(attempt)
      if (attempt.kind === 'ok') {
        const { ok: _, ...rest } = outcomeOf(attempts)
        return { member: attempt.member, value: attempt.value, ...rest } as unknown as GroupFirst<M>
      }
    }
    signal?.throwIfAborted()
    throw new CircuitGroupError(this.name, 1, attempts)
  }

  /** The status of each member's breaker. */
  status(): { readonly [K in keyof M]: CircuitBreakerStatus } {
    return this.#map((breaker) => breaker.status())
  }

  async #ask([member, call, breaker]: Member, args: readonly never[], signal?: AbortSignal): Promise<Attempt> {
    let isCalled = false
    try {
      const value: unknown = await breaker.execute(
        (context) => {
          isCalled = true
          return call(context, ...args)
        },
        { signal },
      )
      return { member, kind: 'ok', value }
    } catch (error) {
      // What a member throws may be the rejection of a breaker further in.
      const rejection = isCalled ? undefined : findCircuitOpenError(error)
      return rejection ? { member, kind: 'skipped', value: rejection } : { member, kind: 'failed', value: error }
    }
  }

  #checkOrder(order: readonly PropertyKey[] | undefined): readonly Member[] {
    if (order === undefined) return this.#members
    const members = order.flatMap((name) => this.#members.filter(([member]) => member === name))
    if (members.length === 0 || members.length < order.length || new Set(members).size < members.length) {
      const names = this.#members.map(([member]) => member).join(', ')
      throw new CircuitBreakerConfigError('order', order.join(', '), `members of the group, each once: ${names}`)
    }
    return members
  }

  #map<T>(fn: (breaker: CircuitBreaker) => T): { readonly [K in keyof M]: T } {
    return Object.fromEntries(this.#members.map(([member, , breaker]) => [member, fn(breaker)])) as {
      [K in keyof M]: T
    }
  }
}

function checkMembers(name: string, members: object): [string, GroupMembers[string]][] {
  if (typeof name !== 'string' || name === '') {
    throw new CircuitBreakerConfigError("a group's name", name, 'a string that is not empty')
  }
  const entries: [string, GroupMembers[string]][] = Object.entries(members ?? {})
  if (entries.length === 0) {
    throw new CircuitBreakerConfigError(
      `the members of group "${name}"`,
      members,
      'an object of functions, at least one',
    )
  }
  for (const [member, call] of entries) {
    if (typeof call === 'function') continue
    throw new CircuitBreakerConfigError(`member ${member} of group "${name}"`, call, 'a function')
  }
  return entries
}
