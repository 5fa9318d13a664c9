import { CircuitBreakerConfigError } from '@switchgear/core'
import { hideSecret } from './hide-secret.ts'
import type { SlackGuard } from './slack-guard.ts'
import { createSlackGuard, type SlackOptions } from './slack-options.ts'

/** What is known of a `WebClient` of @slack/web-api; its types come from the client itself. */
export interface SlackWebClient {
  apiCall(method: string, options?: Record<string, unknown>): Promise<unknown>
}

/** The options of {@link guardWebClient}: its own, and those of its breaker. All can be left out. */
export interface GuardWebClientOptions extends SlackOptions {
  /** The name of the breaker. Default: `slack-api`. */
  name?: string
  /**
   * After how many ms a call, the client's own retries included, is given up. The client cannot be stopped and goes on with
   * it. Default: 30,000.
   */
  timeoutMs?: number | undefined
}

/**
 * Gives the same client with each call to Slack's Web API going through a circuit breaker: one permit for a call of a method,
 * of `apiCall`, of a page of `paginate` and of a whole `filesUploadV2`, however often the client retries in it. Everything
 * else is the client's own, and the client itself is left as it is.
 *
 * @throws {CircuitBreakerConfigError} for what is no client or is guarded already, and for options that are not allowed
 */
export function guardWebClient<C extends SlackWebClient>(client: C, options: GuardWebClientOptions = {}): C {
  if (typeof (client as C | undefined)?.apiCall !== 'function' || guarded.has(client)) {
    const allowed = 'a WebClient of @slack/web-api that is not guarded yet'
    throw new CircuitBreakerConfigError('client', hideSecret(client), allowed)
  }
  const guard = createSlackGuard(options, { name: 'slack-api', timeoutMs: 30_000 }, {})
  const proxy = new GuardedParts(guard).client(client)
  guarded.add(proxy)
  return proxy
}

const guarded = new WeakSet()

type Method = (...args: unknown[]) => unknown

/** Stands before a client's parts, each made once, so that a part is always the same object. */
class GuardedParts {
  readonly #guard: SlackGuard
  readonly #parts = new WeakMap<object, object>()

  constructor(guard: SlackGuard) {
    this.#guard = guard
  }

  /** The client has its methods, and two more functions that are calls. `paginate` and `chatStream` make theirs through these. */
  client<C extends object>(client: C): C {
    return new Proxy(client, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property)
        const isCall = property === 'apiCall' || property === 'filesUploadV2'
        if (isCall && typeof value === 'function') return this.#method(value as Method, target)
        return isNamespace(value) ? this.#namespace(value) : value
      },
    })
  }

  #namespace(namespace: object): object {
    return this.#once(namespace, () => {
      return new Proxy(namespace, {
        get: (target, property) => {
          const value: unknown = Reflect.get(target, property)
          // Not what every object has, such as toString.
          if (!Object.hasOwn(target, property)) return value
          if (typeof value === 'function') return this.#method(value as Method, target)
          return isNamespace(value) ? this.#namespace(value) : value
        },
      })
    })
  }

  /** What a method calls in turn is not guarded again: it is bound to the client behind the guard. */
  #method(method: Method, owner: object): object {
    return this.#once(method, () => {
      const call = (...args: unknown[]): Promise<unknown> =>
        this.#guard.run({ make: () => Reflect.apply(method, owner, args) })
      return Object.defineProperty(call, 'name', { value: method.name })
    })
  }

  #once(part: object, make: () => object): object {
    let made = this.#parts.get(part)
    if (made === undefined) this.#parts.set(part, (made = make()))
    return made
  }
}

// The functions that the client makes of its methods when it is constructed, by `bind`.
const boundCalls = new Set(['bound apiCall', 'bound filesUploadV2'])

const DEEPEST = 8

/** Whether a value is one of the plain objects, such as `client.chat`, in which the client keeps its methods. */
function isNamespace(value: unknown, depth = 0): value is object {
  if (typeof value !== 'object' || value === null || Reflect.getPrototypeOf(value) !== Object.prototype) return false
  // The client's names have four parts at most; an object of the user's may go round in a circle.
  if (depth > DEEPEST) return false
  return Object.values(value).some((member) =>
    typeof member === 'function' ? boundCalls.has((member as Method).name) : isNamespace(member, depth + 1),
  )
}
