import type { LoggerProvider } from '@opentelemetry/sdk-logs'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { expectTypeOf, test } from 'vitest'
import { type TransitionLoggerProvider, keepTransitions } from '@switchgear/otel'
import type { startSdk } from '@switchgear/otel-sdk-2'

type Sampler2 = NonNullable<Parameters<typeof startSdk>[0]>
type LoggerProvider2 = ReturnType<typeof startSdk>['loggerProvider']

test('a sampler of either generation is still one with keepTransitions around it', () => {
  expectTypeOf(keepTransitions<Sampler>).returns.toExtend<Sampler>()
  expectTypeOf(keepTransitions<Sampler2>).returns.toExtend<Sampler2>()
})

test('the logger provider of either generation will do', () => {
  expectTypeOf<LoggerProvider>().toExtend<TransitionLoggerProvider>()
  expectTypeOf<LoggerProvider2>().toExtend<TransitionLoggerProvider>()
})
