import { expect, test } from 'vitest'
import { ManualClock } from '@switchgear/core/testing'

test('starts at zero, or where it is told, and moves when it is told', () => {
  const clock = new ManualClock()
  expect([clock.now(), clock.wallNow()]).toEqual([0, 0])
  clock.advance(250.5)
  expect([clock.now(), clock.wallNow()]).toEqual([250.5, 250.5])

  const started = new ManualClock({ now: 1_000, wallNow: 1_700_000_000_000 })
  started.advance(5)
  expect([started.now(), started.wallNow()]).toEqual([1_005, 1_700_000_000_005])
})

test('fires the timers that become due, each at its time, in their order', () => {
  const clock = new ManualClock({ now: 100 })
  const fired: [string, number][] = []
  const set = (name: string, ms: number): void => void clock.setTimer(() => fired.push([name, clock.now()]), ms)
  set('late', 30)
  set('early', 10)
  set('early too', 10)
  set('not yet', 31)

  clock.advance(30)

  expect(fired).toEqual([
    ['early', 110],
    ['early too', 110],
    ['late', 130],
  ])
  expect(clock.timers).toBe(1)
})

test('fires timers that a timer sets, when they are due in the same step', () => {
  const clock = new ManualClock()
  const fired: number[] = []
  clock.setTimer(() => {
    fired.push(clock.now())
    clock.setTimer(() => fired.push(clock.now()), 5)
    clock.setTimer(() => fired.push(clock.now()), 50)
  }, 10)

  clock.advance(20)

  expect(fired).toEqual([10, 15])
  expect(clock.timers).toBe(1)
})

test('a cancelled timer does not fire', () => {
  const clock = new ManualClock()
  let fired = 0
  const timer = clock.setTimer(() => fired++, 10)
  timer.keepAlive(false)
  timer.cancel()
  timer.cancel()

  clock.advance(10)

  expect([fired, clock.timers]).toEqual([0, 0])
})

test('a step of zero fires what is due now', () => {
  const clock = new ManualClock()
  let fired = 0
  clock.setTimer(() => fired++, 0)

  clock.advance(0)

  expect(fired).toBe(1)
})

test('a timer that moves the clock itself does not make it go back', () => {
  const clock = new ManualClock()
  clock.setTimer(() => clock.advance(100), 10)

  clock.advance(20)

  expect(clock.now()).toBe(110)
})

test.for([-1, Number.NaN, undefined])('a step of %j is refused', (ms) => {
  const clock = new ManualClock()

  expect(() => clock.advance(ms as number)).toThrow(new RangeError(`advance(ms) is ${ms}; allowed: 0 or more`))
  expect(clock.now()).toBe(0)
})
