import { expect, test } from 'vitest'
import {
  CircuitBreakerConfigError,
  CircuitBreakerRegistry,
  CircuitOpenError,
  consecutiveFailures,
  getDefaultRegistry,
  type Incident,
  type KeyedBreakers,
  type ProcessorOptions,
  withCircuitBreaker,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, hear, thrownBy } from './drive.ts'

interface Unit {
  readonly date?: string
  readonly fails?: boolean
}

/** A processor with a template method, as the mixin is for. */
abstract class Processor {
  static create(): string {
    return 'made by the base'
  }

  readonly topic: string
  readonly processed: Unit[] = []

  constructor(topic: string) {
    this.topic = topic
  }

  async run(unit: Unit): Promise<string> {
    await this.process(unit)
    return `${this.topic}: done`
  }

  get state(): string {
    return `${this.processed.length} processed`
  }

  async count(units: number, unit: Unit): Promise<number> {
    await this.process(unit)
    return units
  }

  protected abstract process(unit: Unit): Promise<void>
}

type Options = ProcessorOptions<'run', [unit: Unit], string>

interface SetUp {
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
  readonly breakers: KeyedBreakers
  readonly processor: Processor
}

function setUp(options: Partial<Options> = {}): SetUp {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { trip: consecutiveFailures(2), openMs: 10_000, halfOpen: { successesToClose: 1 } },
  })
  registry.on('warning', () => {})
  class Summary extends withCircuitBreaker(Processor, {
    name: 'summary',
    key: (unit) => unit.date,
    registry,
    ...options,
  }) {
    protected override async process(unit: Unit): Promise<void> {
      this.processed.push(unit)
      if (unit.fails) throw down
    }
  }
  const processor = new Summary('players')
  return { clock, registry, processor, breakers: registry.keyed('summary') }
}

/** Runs units that fail until the breaker of their key is open. */
async function open(processor: Processor, date: string): Promise<void> {
  for (let i = 0; i < 2; i++) await processor.run({ date, fails: true }).catch(() => {})
}

test('a guarded class works as its base does', async () => {
  class Summary extends withCircuitBreaker(Processor, { name: 'summary', key: () => undefined }) {
    protected override async process(unit: Unit): Promise<void> {
      this.processed.push(unit)
    }
  }
  const summary = new Summary('players')

  await expect(summary.run({ date: '2026-11-01' })).resolves.toBe('players: done')
  expect(summary).toBeInstanceOf(Processor)
  expect(summary.processed).toEqual([{ date: '2026-11-01' }])
  expect(Summary.create()).toBe('made by the base')
  expect([summary.run.name, summary.run.length]).toEqual(['run', 1])
  const { prototype } = Object.getPrototypeOf(Summary) as { prototype: object }
  expect(Object.getOwnPropertyDescriptor(prototype, 'run')).toMatchObject({
    configurable: true,
    enumerable: false,
    writable: true,
  })
  expect(Object.getPrototypeOf(Summary)).toHaveProperty('name', 'Processor')
})

test('each unit of work is guarded by the breaker of its key', async () => {
  const { processor, breakers } = setUp()
  await open(processor, '2026-11-01')

  await expect(processor.run({ date: '2026-11-01' })).rejects.toBeInstanceOf(CircuitOpenError)
  await expect(processor.run({ date: '2026-11-02' })).resolves.toBe('players: done')

  expect(breakers.status()).toMatchObject({
    '2026-11-01': { name: 'summary', state: 'open', totals: { failure: 2 } },
    '2026-11-02': { name: 'summary', state: 'closed', totals: { success: 1 } },
  })
  expect(processor.processed).toHaveLength(3)
})

test('the family of breakers is there, with its options, as soon as there is an object', () => {
  const { registry } = setUp({ critical: true })

  expect([...registry.families()].flatMap((family) => family.summary())).toMatchObject([
    { name: 'summary', critical: true, breakers: 0 },
  ])
})

test('all objects of the class share the breakers', async () => {
  const { processor } = setUp()
  const Summary = processor.constructor as new (topic: string) => Processor
  await open(new Summary('teams'), '2026-11-01')

  await expect(processor.run({ date: '2026-11-01' })).rejects.toBeInstanceOf(CircuitOpenError)
})

test('what the work throws is thrown as it is', async () => {
  const { processor } = setUp()

  await expect(processor.run({ date: '2026-11-01', fails: true })).rejects.toBe(down)
})

test.each([undefined, null, false, ''] as const)('a unit with the key %j is not guarded', async (key) => {
  const { processor, breakers } = setUp({ key: () => key })

  for (let i = 0; i < 5; i++) await expect(processor.run({ fails: true })).rejects.toBe(down)

  expect(breakers.size).toBe(0)
})

test('a key function that throws leaves the unit unguarded, and one warning says so', async () => {
  const { processor, registry } = setUp({
    key: () => {
      throw new TypeError('broken')
    },
  })
  const warnings = hear(registry, 'warning')

  for (let i = 0; i < 3; i++) await expect(processor.run({})).resolves.toBe('players: done')

  expect(warnings).toMatchObject([{ breaker: 'summary', code: 'key_threw', error: { message: 'broken' } }])
  expect(warnings[0]?.message).toMatch(/^key threw/)
})

test('whenOpen gives the result of a unit that is rejected, of no other', async () => {
  const { processor } = setUp({ whenOpen: (error, unit) => `${error.reason}: ${unit.date} comes later` })
  await expect(processor.run({ date: '2026-11-01', fails: true })).rejects.toBe(down)
  await expect(processor.run({ date: '2026-11-01', fails: true })).rejects.toBe(down)

  await expect(processor.run({ date: '2026-11-01' })).resolves.toBe('open: 2026-11-01 comes later')
  await expect(processor.run({ date: '2026-11-02' })).resolves.toBe('players: done')
})

test('whenOpen is not asked when the work meets an open breaker further in', async () => {
  const { registry, processor } = setUp({ whenOpen: () => 'skipped' })
  const inner = registry.get('inner')
  inner.trip({ reason: 'test' })
  Object.assign(processor, { process: () => inner.execute(() => {}) })

  await expect(processor.run({ date: '2026-11-01' })).rejects.toMatchObject({ breakerName: 'inner' })
})

test('another method can be guarded, with all its arguments', async () => {
  const registry = new CircuitBreakerRegistry({ defaults: { trip: consecutiveFailures(1) } })
  class Counter extends withCircuitBreaker(Processor, {
    name: 'counter',
    method: 'count',
    key: (units, unit) => `${units} ${unit.date}`,
    whenOpen: (_, units) => -units,
    registry,
  }) {
    protected override async process(unit: Unit): Promise<void> {
      if (unit.fails) throw down
    }
  }
  const counter = new Counter('players')

  await expect(counter.count(3, { date: 'a' })).resolves.toBe(3)
  await expect(counter.count(3, { date: 'a', fails: true })).rejects.toBe(down)
  await expect(counter.count(3, { date: 'a' })).resolves.toBe(-3)
  await expect(counter.count(4, { date: 'a' })).resolves.toBe(4)
  await expect(counter.run({ date: 'a' })).resolves.toBe('players: done')
  expect(registry.keyed('counter').size).toBe(2)
})

test('a class that overrides the guarded method is refused when an object is made', () => {
  class Base {
    async run(): Promise<number> {
      return 1
    }
  }
  class Fine extends withCircuitBreaker(Base, { name: 'fine', key: () => 'a' }) {}
  class Overrides extends Fine {
    override async run(): Promise<number> {
      return 2
    }
  }
  class Below extends Overrides {}

  expect(new Fine()).toBeInstanceOf(Base)
  for (const Class of [Overrides, Below]) {
    const error = thrownBy(() => new Class())
    expect(error).toBeInstanceOf(CircuitBreakerConfigError)
    expect(error).toMatchObject({ message: expect.stringContaining('method run of class Overrides is a function') })
    expect(error).toMatchObject({ message: expect.stringContaining('override what run calls') })
  }
})

test('a guard may be put upon a guard: both hold', async () => {
  const registry = new CircuitBreakerRegistry({ defaults: { trip: consecutiveFailures(1) } })
  const fails = new Set<string>()
  class Base {
    async run(tenant: string, unit: string): Promise<string> {
      if (fails.has(tenant) || fails.has(unit)) throw down
      return `${tenant} ${unit}`
    }
  }
  class ByUnit extends withCircuitBreaker(Base, { name: 'unit', key: (_, unit) => unit, registry }) {}
  class Both extends withCircuitBreaker(ByUnit, { name: 'tenant', key: (tenant) => tenant, registry }) {}
  const both = new Both()
  fails.add('slow unit')

  await expect(both.run('acme', 'slow unit')).rejects.toBe(down)
  await expect(both.run('other', 'slow unit')).rejects.toMatchObject({ breakerName: 'unit' })
  await expect(both.run('acme', 'unit')).rejects.toMatchObject({ breakerName: 'tenant' })
  await expect(both.run('third', 'unit')).resolves.toBe('third unit')
})

test('what the base is given later is what is guarded', async () => {
  class Base {
    async run(): Promise<string> {
      return 'first'
    }
  }
  class Guarded extends withCircuitBreaker(Base, { name: 'patched', key: () => 'a' }) {}
  Base.prototype.run = async () => 'later'

  await expect(new Guarded().run()).resolves.toBe('later')
})

test('an incident of a unit is reported once opened and once recovered', async () => {
  const incidents: Incident[] = []
  const { clock, processor } = setUp({ onIncident: (incident) => incidents.push(incident) })
  await open(processor, '2026-11-01')
  await processor.run({ date: '2026-11-01' }).catch(() => {})
  clock.advance(10_000)
  await processor.run({ date: '2026-11-01', fails: true }).catch(() => {})
  clock.advance(10_000)
  await processor.run({ date: '2026-11-01' })

  expect(incidents).toMatchObject([
    { phase: 'opened', name: 'summary', key: '2026-11-01', trigger: 'consecutive_failures' },
    { phase: 'updated', openings: 2, rejected: 1 },
    { phase: 'recovered', durationMs: 20_000, rejected: 1 },
  ])
})

test('reminders of a unit come with its rejected calls', async () => {
  const phases: string[] = []
  const { clock, processor } = setUp({ onIncident: ({ phase }) => phases.push(phase), remindEveryMs: 4_000 })
  await open(processor, '2026-11-01')
  for (let i = 0; i < 9; i++) {
    clock.advance(1_000)
    await processor.run({ date: '2026-11-01' }).catch(() => {})
  }

  expect(phases).toEqual(['opened', 'reminder', 'reminder'])
})

test('recoverWhen is told key and unit, and true lets the next unit try', async () => {
  const asked: unknown[] = []
  let isBack = false
  const { clock, processor } = setUp({
    recoverWhen: {
      check: ({ signal, breaker, key, unit }) => {
        asked.push({ isSignal: signal instanceof AbortSignal, breaker, key, unit })
        return isBack
      },
      everyMs: 1_000,
    },
  })
  await open(processor, '2026-11-01')
  clock.advance(1_000)
  await settled()
  await expect(processor.run({ date: '2026-11-01' })).rejects.toBeInstanceOf(CircuitOpenError)
  isBack = true
  clock.advance(1_000)
  await settled()

  await expect(processor.run({ date: '2026-11-01' })).resolves.toBe('players: done')
  expect(asked).toEqual([
    { isSignal: true, breaker: 'summary', key: '2026-11-01', unit: { date: '2026-11-01', fails: true } },
    { isSignal: true, breaker: 'summary', key: '2026-11-01', unit: { date: '2026-11-01' } },
  ])
})

test('recoverWhen gets no unit when there is none that failed', async () => {
  const asked: unknown[] = []
  const { clock, processor, breakers } = setUp({
    recoverWhen: { check: (context) => asked.push(context) < 0, everyMs: 1_000, then: 'close' },
  })
  await processor.run({ date: '2026-11-01' })
  breakers.for('2026-11-01').trip({ reason: 'test' })
  clock.advance(1_000)
  await settled()

  expect(asked).toMatchObject([{ key: '2026-11-01' }])
  expect(asked[0]).not.toHaveProperty('unit')
})

test('recoverWhen of units that share a breaker is told the last of them', async () => {
  const asked: unknown[] = []
  const { clock, processor } = setUp({
    maxKeys: 1,
    recoverWhen: { check: ({ key, unit }) => asked.push({ key, unit }) < 0, everyMs: 1_000 },
  })
  await processor.run({ date: '2026-11-01', fails: true }).catch(() => {})
  await open(processor, '2026-11-02')
  clock.advance(1_000)
  await settled()

  expect(asked).toEqual([{ key: '_OTHER', unit: { date: '2026-11-02', fails: true } }])
})

test('the breakers are in the registry of the process unless one is given, and a replaced one is noticed', async () => {
  const scope = globalThis as { [key: symbol]: unknown }
  const symbol = Symbol.for('switchgear.defaultRegistry')
  const before = scope[symbol]
  const phases: string[] = []
  class Base {
    async run(fails: boolean): Promise<void> {
      if (fails) throw down
    }
  }
  class Guarded extends withCircuitBreaker(Base, {
    name: 'in-the-default-registry',
    key: () => 'a',
    trip: consecutiveFailures(1),
    onIncident: ({ phase }) => phases.push(phase),
  }) {}
  try {
    const first = (scope[symbol] = new CircuitBreakerRegistry())
    await new Guarded().run(false)
    const second = (scope[symbol] = new CircuitBreakerRegistry())
    await new Guarded().run(true).catch(() => {})

    expect(getDefaultRegistry()).toBe(second)
    expect([...first.families()].map(({ name }) => name)).toEqual(['in-the-default-registry'])
    expect(second.keyed('in-the-default-registry').peek('a')?.state).toBe('open')
    first.keyed('in-the-default-registry').for('a').trip({ reason: 'nobody hears of it' })
    expect(phases).toEqual(['opened'])
  } finally {
    scope[symbol] = before
  }
})

test('another registry of the process is noticed also when nobody hears of incidents', async () => {
  const scope = globalThis as { [key: symbol]: unknown }
  const symbol = Symbol.for('switchgear.defaultRegistry')
  const before = scope[symbol]
  class Base {
    async run(): Promise<void> {}
  }
  class Guarded extends withCircuitBreaker(Base, { name: 'unheard', key: () => 'a' }) {}
  try {
    for (let i = 0; i < 2; i++) {
      const registry = (scope[symbol] = new CircuitBreakerRegistry())
      await new Guarded().run()
      expect(registry.keyed('unheard').size).toBe(1)
    }
  } finally {
    scope[symbol] = before
  }
})

test.each<[Partial<Record<keyof Options, unknown>> & Record<string, unknown>, string]>([
  [{ name: '' }, 'name is ""; allowed: a string that is not empty'],
  [{ name: 5 }, 'name is 5; allowed: a string that is not empty'],
  [{ name: undefined }, 'name is undefined'],
  [{ key: undefined }, 'key is undefined; allowed: a function'],
  [{ key: 'date' }, 'key is "date"; allowed: a function'],
  [{ method: 'rum' }, 'method is "rum"; allowed: the name of a method of class Processor'],
  [{ method: 'process' }, 'method is "process"'],
  [{ method: 'state' }, 'method is "state"'],
  [{ whenOpen: 'skip' }, 'whenOpen is "skip"; allowed: a function'],
  [{ onIncident: 5 }, 'onIncident is 5; allowed: a function'],
  [{ remindEveryMs: 0 }, 'remindEveryMs is 0; allowed: a number of ms above 0'],
  [{ registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  [{ recoverWhen: { check: () => true } }, 'recoverWhen.everyMs is undefined'],
  [{ maxKeys: 0 }, 'maxKeys is 0'],
  [{ openMs: -1 }, 'openMs is -1'],
  [{ halfOpen: { maxConcurent: 1 } }, 'did you mean halfOpen.maxConcurrent?'],
  [{ whenOpened: () => 'x' }, 'whenOpened is a function; allowed: did you mean whenOpen?'],
])('options that are not allowed are refused where the class is made: %o', (options, message) => {
  const make = (): unknown =>
    withCircuitBreaker(Processor, { name: 'summary', key: () => 'a', ...options } as unknown as Options)

  expect(make).toThrow(CircuitBreakerConfigError)
  expect(make).toThrow(message)
})

/** What was started by a timer has ended. */
async function settled(): Promise<void> {
  await new Promise(setImmediate)
}
