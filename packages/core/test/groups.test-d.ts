import { expectTypeOf, test } from 'vitest'
import {
  type CallContext,
  CircuitBreakerGroup,
  type CircuitBreaker,
  type CircuitBreakerStatus,
  type CircuitOpenError,
} from '@switchgear/core'

interface Features {
  readonly age: number
}
interface Score {
  readonly value: number
}

declare const xgboost: (context: CallContext, features: Features) => Promise<Score>
declare const ensemble: (context: { signal: AbortSignal }, features: Features) => Promise<Score[]>
declare const average: () => number
declare const features: Features

const predictions = new CircuitBreakerGroup('predictions', { xgboost, ensemble, average })

test("settle gives each member's own result, which may be missing", async () => {
  const { ok, failed, skipped, degraded } = await predictions.settle([features])

  expectTypeOf(ok.xgboost).toEqualTypeOf<Score | undefined>()
  expectTypeOf(ok.ensemble).toEqualTypeOf<Score[] | undefined>()
  expectTypeOf(ok.average).toEqualTypeOf<number | undefined>()
  expectTypeOf(failed.xgboost).toEqualTypeOf<unknown>()
  expectTypeOf(skipped.ensemble).toEqualTypeOf<CircuitOpenError | undefined>()
  expectTypeOf(degraded).toEqualTypeOf<boolean>()
  // @ts-expect-error no member of this name
  void ok.catboost
  // @ts-expect-error results are to be read
  ok.average = 5
})

test('first says which member gave the result, and the result is that one', async () => {
  const answer = await predictions.first([features], { order: ['ensemble', 'average'] })

  expectTypeOf(answer.member).toEqualTypeOf<'xgboost' | 'ensemble' | 'average'>()
  expectTypeOf(answer.value).toEqualTypeOf<Score | Score[] | number>()
  if (answer.member === 'ensemble') expectTypeOf(answer.value).toEqualTypeOf<Score[]>()
  // @ts-expect-error no member of this name
  void predictions.first([features], { order: ['catboost'] })
})

test('the arguments are those that all members take', () => {
  // @ts-expect-error features are missing
  void predictions.settle([])
  // @ts-expect-error not features
  void predictions.settle(['features'])
  // @ts-expect-error a list of arguments
  void predictions.settle(features)
  // @ts-expect-error one argument
  void predictions.first([features, 1])
})

test('a member may take fewer arguments, and optional ones', () => {
  const group = new CircuitBreakerGroup('group', {
    none: () => 'text',
    one: (_, text: string) => text.length,
    optional: async ({ signal }, text: string, limit?: number) => signal.aborted && text.length === limit,
    rest: (_: CallContext, ...texts: string[]) => texts,
  })

  expectTypeOf<Parameters<typeof group.settle>[0]>().toEqualTypeOf<[text: string]>()

  const limited = new CircuitBreakerGroup('group', {
    limit: (_: CallContext, text: string, limit?: number) => text.slice(limit),
    none: () => 'text',
  })
  void limited.settle(['text'])
  void limited.settle(['text', 5])
  // @ts-expect-error a number
  void limited.settle(['text', 'limit'])
})

test('members that take different arguments are no group', () => {
  // @ts-expect-error which of the two would it be
  void new CircuitBreakerGroup('group', {
    number: (_: CallContext, n: number) => n,
    text: (_: CallContext, t: string) => t,
  })
  // @ts-expect-error a function
  void new CircuitBreakerGroup('group', { text: 'text' })
})

test('breakers and status have the names of the members', () => {
  expectTypeOf(predictions.breakers.xgboost).toEqualTypeOf<CircuitBreaker>()
  expectTypeOf(predictions.status().average).toEqualTypeOf<CircuitBreakerStatus>()
  // @ts-expect-error no member of this name
  void predictions.breakers.catboost
})

test('a snapshot is of one breaker', () => {
  // @ts-expect-error no option of this name
  void new CircuitBreakerGroup('group', { xgboost }, { restore: predictions.breakers.xgboost.snapshot() })
})
