import { expectTypeOf, test } from 'vitest'
import {
  type BreakerState,
  type CallContext,
  callWithCircuitBreaker,
  CircuitBreaker,
  type CircuitBreakerOptions,
  circuitBreakerProtected,
  CircuitBreakerRegistry,
  type CircuitBreakerStatus,
  CircuitOpenError,
  consecutiveFailures,
  type Outcome,
  type Permit,
  type RejectionReason,
  type TransitionEvent,
  type Verdict,
} from '@switchgear/core'

declare const breaker: CircuitBreaker
declare const charge: (amount: number, currency?: string) => Promise<{ id: string }>

test('execute gives a promise of what the function gives', () => {
  expectTypeOf(breaker.execute(() => 1)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(breaker.execute(async () => 'result')).toEqualTypeOf<Promise<string>>()
  expectTypeOf(breaker.execute(() => charge(1))).toEqualTypeOf<Promise<{ id: string }>>()
  expectTypeOf(breaker.execute(() => {})).toEqualTypeOf<Promise<void>>()
})

test('a fallback widens the result', () => {
  expectTypeOf(breaker.execute(() => charge(1), { fallback: () => undefined })).toEqualTypeOf<
    Promise<{ id: string } | undefined>
  >()
  expectTypeOf(breaker.execute(() => 1, { fallback: async (error) => String(error) })).toEqualTypeOf<
    Promise<number | string>
  >()
})

test('the function is told its signal and whether it is a probe', () => {
  void breaker.execute((context) => expectTypeOf(context).toEqualTypeOf<CallContext>())
  expectTypeOf<CallContext>().toEqualTypeOf<{ readonly signal: AbortSignal; readonly probe: boolean }>()
})

test('a call brings along a signal and a fallback, and nothing else', () => {
  void breaker.execute(() => 1, { signal: undefined, fallback: undefined })
  // @ts-expect-error a time limit is the breaker's
  void breaker.execute(() => 1, { timeoutMs: 5 })
  // @ts-expect-error a function is needed, not its promise
  void breaker.execute(charge(1))
})

test('wrap keeps the parameters and gives a promise of the result', () => {
  const chargeSafely = breaker.wrap(charge)
  expectTypeOf(chargeSafely).parameters.toEqualTypeOf<Parameters<typeof charge>>()
  expectTypeOf(chargeSafely).returns.toEqualTypeOf<Promise<{ id: string }>>()
  expectTypeOf(breaker.wrap((n: number) => n)).returns.toEqualTypeOf<Promise<number>>()
  // @ts-expect-error the amount is a number
  void chargeSafely('5')
})

test('wrap keeps the this that a function needs', () => {
  const method = breaker.wrap(function (this: { rate: number }, n: number) {
    return n * this.rate
  })
  void method.call({ rate: 2 }, 1)
  // @ts-expect-error there is no rate
  void method.call({}, 1)
})

test('a decorated method keeps its type, and must be async', () => {
  class Client {
    @circuitBreakerProtected('payments')
    async charge(amount: number): Promise<string> {
      return String(amount)
    }

    // @ts-expect-error a promise cannot stand in for a plain string
    @circuitBreakerProtected('payments')
    chargeNow(amount: number): string {
      return String(amount)
    }
  }
  expectTypeOf<Client['charge']>().toEqualTypeOf<(amount: number) => Promise<string>>()
  const protectedCharge = circuitBreakerProtected('payments')(charge)
  expectTypeOf(protectedCharge).parameters.toEqualTypeOf<Parameters<typeof charge>>()
  expectTypeOf(protectedCharge).returns.toEqualTypeOf<Promise<{ id: string }>>()
})

test('a decorator is for methods, not for fields, getters or classes', () => {
  class Client {
    // @ts-expect-error a field
    @circuitBreakerProtected('payments')
    amount = 5

    // @ts-expect-error a getter
    @circuitBreakerProtected('payments')
    get total(): number {
      return this.amount
    }
  }
  expectTypeOf<Client>().toHaveProperty('amount')
})

test('a call by name gives what execute gives', () => {
  expectTypeOf(callWithCircuitBreaker('payments', () => charge(1))).toEqualTypeOf<Promise<{ id: string }>>()
  expectTypeOf(callWithCircuitBreaker('payments', () => 1, { fallback: () => 'x' })).toEqualTypeOf<
    Promise<number | string>
  >()
  // @ts-expect-error a name is needed
  void callWithCircuitBreaker(() => charge(1))
})

test('a permit may not be there, and can be scoped', () => {
  expectTypeOf(breaker.tryAcquire()).toEqualTypeOf<Permit | undefined>()
  expectTypeOf(breaker.acquire()).toEqualTypeOf<Permit>()
  expectTypeOf<Permit>().toExtend<Disposable>()
  // @ts-expect-error it may be undefined
  breaker.tryAcquire().success()
  expectTypeOf(breaker.acquire().run(() => 1)).toEqualTypeOf<number>()
})

test('options are named and typed', () => {
  const options: CircuitBreakerOptions = {
    trip: consecutiveFailures(5),
    openMs: ({ attempt, trigger }) => (trigger === 'probe_failed' ? attempt * 1_000 : 500),
    classify: ({ error, value }) => (error === undefined && value === null ? 'ignored' : undefined),
    mode: 'observe',
  }
  expectTypeOf(options).toEqualTypeOf<CircuitBreakerOptions>()
  // @ts-expect-error no option of this name
  void new CircuitBreaker('payments', { timeout: 5 })
  // @ts-expect-error no option of this name
  void new CircuitBreaker('payments', { halfOpen: { maxConcurent: 5 } })
  // @ts-expect-error a policy, not its number
  void new CircuitBreaker('payments', { trip: 5 })
  // @ts-expect-error enforce or observe
  void new CircuitBreaker('payments', { mode: 'off' })
  // @ts-expect-error a verdict, not a boolean
  void new CircuitBreaker('payments', { classify: () => true })
  // @ts-expect-error a verdict at once, not a promise of one
  void new CircuitBreaker('payments', { classify: async () => 'failure' })
  // @ts-expect-error a name is needed
  void new CircuitBreaker()
})

test('an outcome is an error or a value', () => {
  expectTypeOf<{ error: Error }>().toExtend<Outcome>()
  expectTypeOf<{ value: 5 }>().toExtend<Outcome>()
  expectTypeOf<{ error: Error; value: 5 }>().not.toExtend<Outcome>()
})

test('an operator gives a reason', () => {
  expectTypeOf(breaker.forceOpen({ reason: 'test', actor: 'alice', forMs: 5 })).toEqualTypeOf<Disposable>()
  expectTypeOf(breaker.disable({ reason: 'test' })).toEqualTypeOf<Disposable>()
  expectTypeOf(breaker.trip({ reason: 'test' })).toEqualTypeOf<boolean>()
  // @ts-expect-error a reason is needed
  breaker.forceOpen({})
  // @ts-expect-error a reason is needed
  breaker.disable()
  // @ts-expect-error a trip lasts for the open time
  breaker.trip({ reason: 'test', forMs: 5 })
})

test('events are typed by their name', () => {
  expectTypeOf(
    breaker.on('transition', (event) => expectTypeOf(event).toEqualTypeOf<TransitionEvent>()),
  ).toEqualTypeOf<Disposable>()
  breaker.on('rejected', ({ reason, enforced }) => {
    expectTypeOf(reason).toEqualTypeOf<RejectionReason>()
    expectTypeOf(enforced).toEqualTypeOf<boolean>()
  })
  breaker.on('stale', ({ verdict }) => expectTypeOf(verdict).toEqualTypeOf<Verdict>())
  void new CircuitBreakerRegistry().on('success', ({ durationMs }) => expectTypeOf(durationMs).toEqualTypeOf<number>())
  // @ts-expect-error no event of this name
  breaker.on('open', () => {})
  // @ts-expect-error events are read only
  breaker.on('transition', (event) => void (event.to = 'closed'))
})

test('what is read is read only', () => {
  expectTypeOf(breaker.state).toEqualTypeOf<BreakerState>()
  const status: CircuitBreakerStatus = breaker.status()
  // @ts-expect-error read only
  status.state = 'closed'
  // @ts-expect-error read only
  status.totals.failure = 0
  // @ts-expect-error read only
  breaker.state = 'closed'
  // @ts-expect-error read only
  breaker.name = 'other'
  expectTypeOf(status.retryAfterMs).toEqualTypeOf<number | undefined>()
})

test('states and reasons can be switched over without a default', () => {
  const word = (state: BreakerState): string => {
    switch (state) {
      case 'closed':
      case 'open':
      case 'half_open':
      case 'forced_open':
      case 'disabled':
        return state
    }
  }
  expectTypeOf(word).returns.toEqualTypeOf<string>()
  expectTypeOf<CircuitOpenError['reason']>().toEqualTypeOf<RejectionReason>()
  expectTypeOf<CircuitOpenError['code']>().toEqualTypeOf<'ERR_CIRCUIT_OPEN'>()
})

test('a registry gives breakers', () => {
  const registry = new CircuitBreakerRegistry({ defaults: { openMs: 5 } })
  expectTypeOf(registry.get('payments')).toEqualTypeOf<CircuitBreaker>()
  expectTypeOf(registry.peek('payments')).toEqualTypeOf<CircuitBreaker | undefined>()
  expectTypeOf([...registry]).toEqualTypeOf<CircuitBreaker[]>()
  expectTypeOf(registry.status()).toEqualTypeOf<Record<string, CircuitBreakerStatus>>()
  expectTypeOf(registry.reset('payments')).toEqualTypeOf<boolean>()
  // @ts-expect-error no option of this name
  void new CircuitBreakerRegistry({ default: {} })
})
