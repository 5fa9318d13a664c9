import { expect, test } from 'vitest'
import { type Input, next, type RecoveryLimits, type State, stateAt } from '../src/state.ts'

const NOW = 1_000
const override = { reason: 'test' }
const limits: RecoveryLimits = { successesToClose: 2, failuresToOpen: 2 }

const states: Record<string, State> = {
  closed: { name: 'closed', since: 0 },
  open: { name: 'open', since: 0, until: NOW + 1 },
  'open, over': { name: 'open', since: 0, until: NOW },
  'open for ever': { name: 'open', since: 0, until: Number.POSITIVE_INFINITY },
  half_open: { name: 'half_open', since: 0, successes: 0, failures: 0 },
  'half_open, one short': { name: 'half_open', since: 0, successes: 1, failures: 1 },
  forced_open: { name: 'forced_open', since: 0, until: NOW + 1, override },
  'forced_open, over': { name: 'forced_open', since: 0, until: NOW, override },
  disabled: { name: 'disabled', since: 0, until: NOW + 1, override },
  'disabled, over': { name: 'disabled', since: 0, until: NOW, override },
}

const openMs = (): number => 50
const inputs: Record<string, Input> = {
  tripped: { type: 'tripped', trigger: 'failure_rate', openMs },
  time_due: { type: 'time_due' },
  probe_succeeded: { type: 'probe_succeeded', openMs },
  probe_failed: { type: 'probe_failed', openMs },
  probe_timeout: { type: 'probe_timeout', openMs },
  forced: { type: 'forced', override: { reason: 'new' }, forMs: 70 },
  disabled: { type: 'disabled', override: { reason: 'new' }, forMs: 70 },
  'recovered, probe': { type: 'recovered', then: 'probe' },
  'recovered, close': { type: 'recovered', then: 'close' },
  released: { type: 'released' },
  reset: { type: 'reset' },
}

/** What follows, and by which trigger. Where nothing stands, nothing follows. */
const table: Record<string, Record<string, [state: string, trigger: string]>> = {
  closed: {
    tripped: ['open', 'failure_rate'],
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
  },
  open: {
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
    'recovered, probe': ['half_open', 'recovered'],
    'recovered, close': ['closed', 'recovered'],
    reset: ['closed', 'reset'],
  },
  'open, over': {
    time_due: ['half_open', 'open_elapsed'],
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
    'recovered, probe': ['half_open', 'recovered'],
    'recovered, close': ['closed', 'recovered'],
    reset: ['closed', 'reset'],
  },
  'open for ever': {
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
    'recovered, probe': ['half_open', 'recovered'],
    'recovered, close': ['closed', 'recovered'],
    reset: ['closed', 'reset'],
  },
  half_open: {
    tripped: ['open', 'failure_rate'],
    probe_succeeded: ['half_open, 1 success', 'probe_succeeded'],
    probe_failed: ['half_open, 1 failure', 'probe_failed'],
    probe_timeout: ['half_open, 1 failure', 'probe_timeout'],
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
    reset: ['closed', 'reset'],
  },
  'half_open, one short': {
    tripped: ['open', 'failure_rate'],
    probe_succeeded: ['closed', 'probes_succeeded'],
    probe_failed: ['open', 'probe_failed'],
    probe_timeout: ['open', 'probe_timeout'],
    forced: ['forced_open', 'forced'],
    disabled: ['disabled', 'disabled'],
    reset: ['closed', 'reset'],
  },
  forced_open: {
    forced: ['forced_open, kept', 'forced'],
    disabled: ['disabled', 'disabled'],
    released: ['half_open', 'released'],
    reset: ['closed', 'reset'],
  },
  'forced_open, over': {
    time_due: ['half_open', 'released'],
    forced: ['forced_open, kept', 'forced'],
    disabled: ['disabled', 'disabled'],
    released: ['half_open', 'released'],
    reset: ['closed', 'reset'],
  },
  disabled: {
    forced: ['forced_open', 'forced'],
    disabled: ['disabled, kept', 'disabled'],
    released: ['closed', 'released'],
    reset: ['closed', 'reset'],
  },
  'disabled, over': {
    time_due: ['closed', 'released'],
    forced: ['forced_open', 'forced'],
    disabled: ['disabled, kept', 'disabled'],
    released: ['closed', 'released'],
    reset: ['closed', 'reset'],
  },
}

const results: Record<string, State> = {
  closed: { name: 'closed', since: NOW },
  open: { name: 'open', since: NOW, until: NOW + 50 },
  half_open: { name: 'half_open', since: NOW, successes: 0, failures: 0 },
  'half_open, 1 success': { name: 'half_open', since: 0, successes: 1, failures: 0 },
  'half_open, 1 failure': { name: 'half_open', since: 0, successes: 0, failures: 1 },
  forced_open: { name: 'forced_open', since: NOW, until: NOW + 70, override: { reason: 'new' } },
  'forced_open, kept': { name: 'forced_open', since: 0, until: NOW + 70, override: { reason: 'new' } },
  disabled: { name: 'disabled', since: NOW, until: NOW + 70, override: { reason: 'new' } },
  'disabled, kept': { name: 'disabled', since: 0, until: NOW + 70, override: { reason: 'new' } },
}

for (const [name, state] of Object.entries(states)) {
  for (const [type, input] of Object.entries(inputs)) {
    const [follower, trigger] = table[name]?.[type] ?? []
    test(`${name}, then ${type}: ${follower ?? 'nothing follows'}`, () => {
      const step = next(Object.freeze(state), Object.freeze(input), NOW, limits)

      if (follower === undefined) {
        expect(step.state).toBe(state)
      } else {
        expect(step).toEqual({ state: results[follower], trigger })
      }
    })
  }
}

test('the open time is asked for exactly when the breaker opens', () => {
  for (const [name, state] of Object.entries(states)) {
    for (const [type, input] of Object.entries(inputs)) {
      let asked = 0
      const counting = 'openMs' in input ? { ...input, openMs: () => ++asked } : input
      next(state, counting, NOW, limits)

      expect(asked).toBe(table[name]?.[type]?.[0] === 'open' ? 1 : 0)
    }
  }
})

test('a state reads as the one that its end leads to, from its very end on', () => {
  const read = Object.fromEntries(Object.entries(states).map(([name, state]) => [name, stateAt(state, NOW)]))

  expect(read).toEqual({
    closed: 'closed',
    open: 'open',
    'open, over': 'half_open',
    'open for ever': 'open',
    half_open: 'half_open',
    'half_open, one short': 'half_open',
    forced_open: 'forced_open',
    'forced_open, over': 'half_open',
    disabled: 'disabled',
    'disabled, over': 'closed',
  })
})

test('limits of one decide at once', () => {
  const half = states['half_open'] as State
  const one: RecoveryLimits = { successesToClose: 1, failuresToOpen: 1 }

  expect(next(half, { type: 'probe_succeeded', openMs }, NOW, one).state.name).toBe('closed')
  expect(next(half, { type: 'probe_failed', openMs }, NOW, one).state.name).toBe('open')
})
