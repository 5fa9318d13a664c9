import { expectTypeOf, test } from 'vitest'
import { type CircuitOpenError, type Incident, withCircuitBreaker } from '@switchgear/core'

interface Unit {
  readonly start?: string
  readonly end: string
}

abstract class Processor {
  static create(): Date {
    return new Date()
  }

  readonly topic: string
  protected attempts = 0
  readonly #secret = 1

  constructor(topic: string) {
    this.topic = topic
  }

  async run(unit: Unit): Promise<string> {
    await this.process(unit)
    return unit.end + this.#secret
  }

  async count(units: number, unit: Unit): Promise<number> {
    await this.process(unit)
    return units
  }

  size(): number {
    return this.attempts
  }

  protected abstract process(unit: Unit): Promise<void>
}

abstract class GenericProcessor<U, R> {
  async run(unit: U): Promise<R> {
    return this.process(unit)
  }

  protected abstract process(unit: U): Promise<R>
}

const key = (): string => 'key'

test('the unit is what the guarded method takes', () => {
  withCircuitBreaker(Processor, {
    name: 'summary',
    key: (unit) => {
      expectTypeOf(unit).toEqualTypeOf<Unit>()
      return unit.start && `${unit.start}:${unit.end}`
    },
    whenOpen: (error, unit) => {
      expectTypeOf(error).toEqualTypeOf<CircuitOpenError>()
      expectTypeOf(unit).toEqualTypeOf<Unit>()
      return 'skipped'
    },
    recoverWhen: {
      check: (context) => {
        expectTypeOf(context.unit).toEqualTypeOf<Unit | undefined>()
        expectTypeOf(context.key).toEqualTypeOf<string>()
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>()
        return true
      },
      everyMs: 1_000,
    },
    onIncident: (incident) => expectTypeOf(incident).toEqualTypeOf<Incident>(),
  })
  // @ts-expect-error no such field
  withCircuitBreaker(Processor, { name: 'summary', key: (unit) => unit.date })
  // @ts-expect-error a key is a text
  withCircuitBreaker(Processor, { name: 'summary', key: (unit) => unit.end.length })
  // @ts-expect-error not what run gives
  withCircuitBreaker(Processor, { name: 'summary', key, whenOpen: () => 5 })
  // @ts-expect-error a name is needed
  withCircuitBreaker(Processor, { key })
  // @ts-expect-error a key is needed
  withCircuitBreaker(Processor, { name: 'summary' })
  // @ts-expect-error no option of this name
  withCircuitBreaker(Processor, { name: 'summary', key, whenOpened: () => 'skipped' })
  // @ts-expect-error a snapshot is of one breaker
  withCircuitBreaker(Processor, { name: 'summary', key, restore: undefined })
})

test('the result in place of a rejected unit may be a literal', () => {
  class Worker {
    async run(job: number): Promise<'done' | 'later'> {
      return job > 0 ? 'done' : 'later'
    }
    async report(job: number): Promise<{ status: 'done' | 'later'; jobs: number[] } | undefined> {
      return { status: 'done', jobs: [job] }
    }
  }
  withCircuitBreaker(Worker, { name: 'worker', key, whenOpen: () => 'later' })
  withCircuitBreaker(Worker, { name: 'worker', key, whenOpen: async () => 'later' })
  const method = 'report'
  withCircuitBreaker(Worker, { name: 'worker', method, key, whenOpen: () => ({ status: 'later', jobs: [] }) })
  withCircuitBreaker(Worker, { name: 'worker', method, key, whenOpen: (_, job) => ({ status: 'later', jobs: [job] }) })
  withCircuitBreaker(Worker, { name: 'worker', method, key, whenOpen: () => undefined })
  withCircuitBreaker(Worker, {
    name: 'worker',
    key,
    whenOpen: (error) => {
      throw error
    },
  })
  // @ts-expect-error not what run gives
  withCircuitBreaker(Worker, { name: 'worker', key, whenOpen: () => 'never' })
  // @ts-expect-error not what report gives
  withCircuitBreaker(Worker, { name: 'worker', method, key, whenOpen: () => ({ status: 'never', jobs: [] }) })
})

test('with another method, its parameters and its result are asked for', () => {
  withCircuitBreaker(Processor, {
    name: 'count',
    method: 'count',
    key: (units, unit) => {
      expectTypeOf(units).toEqualTypeOf<number>()
      expectTypeOf(unit).toEqualTypeOf<Unit>()
      return unit.end
    },
    whenOpen: async (_, units) => -units,
  })
  // @ts-expect-error not what count gives
  withCircuitBreaker(Processor, { name: 'count', method: 'count', key, whenOpen: () => 'skipped' })
  // @ts-expect-error a method that gives no promise
  withCircuitBreaker(Processor, { name: 'count', method: 'size', key })
  // @ts-expect-error a method that only the class may call
  withCircuitBreaker(Processor, { name: 'count', method: 'process', key })
  // @ts-expect-error no method of this name
  withCircuitBreaker(Processor, { name: 'count', method: 'rum', key })
})

test('a class without run has to say which method', () => {
  class Worker {
    async handle(job: number): Promise<boolean> {
      return job > 0
    }
  }
  withCircuitBreaker(Worker, { name: 'worker', method: 'handle', key: (job) => job.toFixed() })
  // @ts-expect-error which one
  withCircuitBreaker(Worker, { name: 'worker', key })
})

test('the class that comes out is the one that went in', () => {
  class Summary extends withCircuitBreaker(Processor, { name: 'summary', key }) {
    protected override async process(unit: Unit): Promise<void> {
      this.attempts += unit.end.length
    }
  }
  const summary = new Summary('topic')

  expectTypeOf<(typeof summary)['run']>().toEqualTypeOf<(unit: Unit) => Promise<string>>()
  expectTypeOf(summary.topic).toEqualTypeOf<string>()
  expectTypeOf(Summary.create()).toEqualTypeOf<Date>()
  // @ts-expect-error protected
  void summary.attempts
  // @ts-expect-error a topic is needed
  void new Summary()
  // @ts-expect-error abstract
  void new (withCircuitBreaker(Processor, { name: 'summary', key }))('topic')
  // @ts-expect-error process is missing
  class Unfinished extends withCircuitBreaker(Processor, { name: 'summary', key }) {}
  expectTypeOf(Unfinished).toBeConstructibleWith('topic')
})

test('a generic class is given its types first', () => {
  class Dates extends withCircuitBreaker(GenericProcessor<Unit, Date>, {
    name: 'dates',
    key: (unit) => unit.end,
    whenOpen: (_, unit) => new Date(unit.end),
  }) {
    protected override async process(unit: Unit): Promise<Date> {
      return new Date(unit.end)
    }
  }

  expectTypeOf(new Dates().run({ end: '' })).toEqualTypeOf<Promise<Date>>()
  // @ts-expect-error not a date
  withCircuitBreaker(GenericProcessor<Unit, Date>, { name: 'dates', key, whenOpen: () => 'skipped' })
})
