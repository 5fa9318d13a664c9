import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerConfigError, type RampUpOptions } from '@switchgear/core'
import { thrownBy } from './drive.ts'

const bad: [options: object, option: string][] = [
  [{}, 'rampUp.stepMs'],
  [{ stepMs: -1 }, 'rampUp.stepMs'],
  [{ stepMs: 5, stepsPercent: [] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: [50, 10] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: [10, 10] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: [0, 10] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: [100] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: ['a'] }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, stepsPercent: 10 }, 'rampUp.stepsPercent'],
  [{ stepMs: 5, minimumCalls: 0 }, 'rampUp.minimumCalls'],
  [{ stepMs: 5, maxFailureRate: 0 }, 'rampUp.maxFailureRate'],
  [{ stepMs: 5, maxFailureRate: 1.1 }, 'rampUp.maxFailureRate'],
  [{ stepMs: 5, steps: [10] }, 'rampUp.steps'],
]
test.for(bad)('%j is refused', ([rampUp, option]) => {
  const error = thrownBy(() => new CircuitBreaker('payments', { rampUp: rampUp as RampUpOptions }))

  expect(error).toBeInstanceOf(CircuitBreakerConfigError)
  expect(error).toMatchObject({ option })
})
