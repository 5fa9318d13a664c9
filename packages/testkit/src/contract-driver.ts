import type { CircuitBreaker, CircuitBreakerOptions, CircuitBreakerRegistry } from '@switchgear/core'
import type { FlakyServer } from './flaky-server.ts'
import type { Reply } from './replies.ts'

/** Where an adapter under test sends its calls, and how its breaker is to be made. */
export interface ContractTarget {
  readonly server: FlakyServer
  readonly registry: CircuitBreakerRegistry
  /** Five failures open it, three of three probes close it, a call may take so long; mostly on a clock that the case moves. */
  readonly options: CircuitBreakerOptions & { readonly timeoutMs: number }
}

/** A vendor's client that is guarded by the adapter under test. */
export interface GuardedClient {
  /** The breaker that guards calls to the server. */
  readonly breaker: CircuitBreaker
  /**
   * Makes one whole call, its body included, and gives what the adapter gave. Needs no more than one request, and rejects
   * when the call is not admitted, or as the client does.
   */
  call(options?: { signal?: AbortSignal }): Promise<unknown>
  /** What the vendor's own client gave to the adapter last. */
  readonly vendorResult: unknown
  /** Gives back what the client took, such as its sockets. */
  close?(): Promise<void>
}

/** What the client of a vendor may be unable to do, or an adapter may not be there for. */
export type Ability =
  /** A call takes a signal of the caller's. */
  | 'abort'
  /** A call that is given up ends on the wire too. */
  | 'cancel'
  /** A call has a time limit. */
  | 'timeout'
  /** A call has a result that the client made. */
  | 'result'
  /** A body that breaks after its headers is a failure. */
  | 'cutBody'
  /** A connection that breaks is a failure. */
  | 'reset'

/** What an adapter's tests bring along for the contract. */
export interface ContractDriver {
  /** What is driven, as in a title of a test. */
  readonly name: string
  connect(target: ContractTarget): GuardedClient | Promise<GuardedClient>
  /** A reply that the vendor's client takes for success. Default: `200 ok`. */
  readonly success?: Reply
  /** A reply that the vendor's client takes for the service's failure. Default: an empty 503. */
  readonly failure?: Reply
  /** What the contract asks for and cannot be had, with the reason. It stands in the place of the cases. */
  readonly cannot?: Readonly<Partial<Record<Ability, string>>>
  /** What the vendor's client prints as a warning by itself. Anything else on stderr is a fault. */
  readonly prints?: RegExp
  /** The oldest major version of Node that the vendor supports. Default: 20. */
  readonly oldestNode?: number
}
