import {
  type DropReason,
  slackNotifier,
  type SlackNotifier,
  type SlackNotifierOptions,
} from '@switchgear/adapters/slack'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { HeldReply, neverAnswer } from '@switchgear/testkit'
import { errorPage, rateLimited, webhookAnswer } from '@switchgear/testkit/fake-slack'
import { expect, test } from 'vitest'
import { setStage, type Stage, until } from './stage.ts'

interface QueueStage extends Stage {
  readonly notify: SlackNotifier
  /** What was dropped, in order. */
  readonly drops: (readonly [reason: DropReason, message: unknown])[]
  /** Moves on to the next message that waits, and waits until that is over. */
  readonly tick: (ms?: number) => Promise<void>
}

async function setQueueStage(options: SlackNotifierOptions = {}): Promise<QueueStage> {
  const stage = await setStage()
  const drops: QueueStage['drops'] = []
  const notify = slackNotifier(stage.slack.webhookUrl, {
    registry: stage.registry,
    openMs: 60_000,
    halfOpen: { successesToClose: 1 },
    queue: { max: 3 },
    onDrop: ({ reason, message }) => drops.push([reason, message]),
    onMisconfigured: () => {},
    ...options,
  })
  return {
    ...stage,
    notify,
    drops,
    async tick(ms = 1_000) {
      stage.clock.advance(ms)
      await until(() => notify.breaker.status().totals.active === 0)
      await stage.slack.server.drained()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('without a queue there is no timer, whatever happens', async () => {
  const { slack, clock, registry } = await setStage()
  const notify = slackNotifier(slack.webhookUrl, { registry, onDrop: () => {} })
  slack.server.next(errorPage(), rateLimited(30))
  for (let i = 0; i < 3; i++) await notify('it is down')
  notify.breaker.trip({ reason: 'test' })
  await notify('it is down')
  expect(clock.timers).toBe(0)
})

test('with a queue there is no timer while nothing waits', async () => {
  const { clock, notify, tick } = await setQueueStage()
  await notify('one')
  expect(clock.timers).toBe(0)
  notify.breaker.trip({ reason: 'test' })
  await notify('two')
  expect(clock.timers).toBe(1)
  notify.breaker.reset()
  await tick()
  expect(clock.timers).toBe(0)
})

test('what waits goes out after the recovery: slowly, in order, as probes too', async () => {
  const { slack, notify, drops, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  const answers = [await notify('one'), await notify('two'), await notify('three')]
  expect(answers).toEqual([false, false, false])
  expect(notify.status()).toMatchObject({ sent: 0, queued: 3 })
  for (let i = 0; i < 59; i++) await tick()
  expect(slack.server.connections).toBe(0)
  await tick()
  expect(slack.texts).toEqual(['one'])
  expect(notify.breaker.state).toBe('closed')
  await tick(999)
  expect(slack.texts).toEqual(['one'])
  await tick(1)
  expect(slack.texts).toEqual(['one', 'two'])
  await tick()
  expect(slack.texts).toEqual(['one', 'two', 'three'])
  expect(notify.status()).toMatchObject({ sent: 3, queued: 0 })
  expect(drops).toEqual([])
  // The caller's first one: what waits is not tried in vain.
  expect(notify.breaker.status().rejections.open).toBe(1)
})

test('the timer of the queue keeps no process alive', async () => {
  const { slack } = await setStage()
  const alive: boolean[] = []
  const clock = {
    now: () => 0,
    setTimer: () => ({ cancel: () => {}, keepAlive: (isAlive: boolean) => void alive.push(isAlive) }),
  }
  const registry = new CircuitBreakerRegistry({ clock })
  const notify = slackNotifier(slack.webhookUrl, { registry, queue: {} })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  expect(alive).toEqual([false])
})

test('what comes while others wait waits behind them', async () => {
  const { slack, notify, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  await notify('it is down')
  notify.breaker.reset()
  expect(await notify('it has recovered')).toBe(false)
  await tick()
  await tick()
  expect(slack.texts).toEqual(['it is down', 'it has recovered'])
  expect(await notify('all is well')).toBe(true)
})

test('what failed late does not wait behind what came after it', async () => {
  const { slack, clock, notify, drops, tick } = await setQueueStage({ queue: { max: 2, drainEveryMs: 5_000 } })
  slack.server.next(neverAnswer(), errorPage(), errorPage())
  const late = notify('it is down')
  await slack.server.received(1)
  clock.advance(1_000)
  await notify('it has recovered')
  clock.advance(2_000)
  expect(await late).toBe(false)
  // One that was tried in vain is in its place again, too.
  for (const ms of [3_000, 5_000, 5_000]) await tick(ms)
  expect(slack.texts).toEqual(['it is down', 'it has recovered'])
  expect(drops).toEqual([])
})

test.each([
  ['a 503', errorPage(503)],
  ['too many requests', rateLimited()],
])('what failed by %s waits, as it may get through later', async (_what, reply) => {
  const { slack, notify, drops, tick } = await setQueueStage()
  slack.server.next(reply)
  expect(await notify('one')).toBe(false)
  expect(notify.status()).toMatchObject({ queued: 1 })
  await tick()
  expect(slack.texts).toEqual(['one'])
  expect(drops).toEqual([])
})

test('what had no answer in time waits too', async () => {
  const { slack, clock, notify } = await setQueueStage()
  slack.server.next(neverAnswer())
  const sent = notify('one')
  await slack.server.received(1)
  clock.advance(3_000)
  expect(await sent).toBe(false)
  expect(notify.status()).toMatchObject({ queued: 1, dropped: { timeout: 0 } })
})

test('what Slack refuses for good does not wait', async () => {
  const { slack, notify, drops, tick } = await setQueueStage()
  slack.server.next(webhookAnswer(404, 'no_service'))
  await notify('one')
  notify.breaker.trip({ reason: 'test' })
  await notify('two')
  notify.breaker.reset()
  slack.server.next(webhookAnswer(400, 'invalid_payload'))
  await tick()
  expect(drops).toEqual([
    ['misconfigured', 'one'],
    ['misconfigured', 'two'],
  ])
  expect(notify.status()).toMatchObject({ queued: 0, dropped: { misconfigured: 2 } })
})

test('one that fails again goes on waiting in its place', async () => {
  const { slack, notify, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await notify('two')
  notify.breaker.reset()
  slack.server.next(errorPage(), errorPage())
  await tick()
  await tick()
  expect(notify.status()).toMatchObject({ queued: 2, sent: 0 })
  await tick()
  await tick()
  expect(slack.texts).toEqual(['one', 'two'])
})

test('nothing is sent while Slack asks for a pause', async () => {
  const { slack, notify, tick } = await setQueueStage()
  slack.server.next(rateLimited(30))
  await notify('one')
  for (let i = 0; i < 29; i++) await tick()
  expect(slack.server.requests).toHaveLength(1)
  await tick()
  expect(slack.texts).toEqual(['one'])
})

test('past the bound the oldest is dropped, and one line says so when Slack is back', async () => {
  const { slack, clock, notify, drops, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  for (const text of ['one', 'two', 'three', 'four']) await notify(text)
  clock.advance(60_000)
  await notify('five')
  expect(drops).toEqual([
    ['queue_full', 'one'],
    ['queue_full', 'two'],
  ])
  notify.breaker.reset()
  for (let i = 0; i < 6; i++) await tick()
  const digest =
    '2 notifications were lost while Slack could not be reached (2026-01-01 10:00 UTC): 2 had no room to wait.'
  expect(slack.texts).toEqual([digest, 'three', 'four', 'five'])
  expect(notify.status()).toMatchObject({ sent: 3, dropped: { queue_full: 2 } })
  expect(clock.timers).toBe(0)
})

test('what waits for longer than its time to live is dropped, and one line says so', async () => {
  const { slack, clock, notify, drops, tick } = await setQueueStage({ queue: { ttlMs: 600_000 }, openMs: 1_200_000 })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await tick(300_000)
  await notify('two')
  await tick(299_999)
  expect(notify.status()).toMatchObject({ queued: 2 })
  await tick()
  expect(notify.status()).toMatchObject({ queued: 1, dropped: { expired: 1 } })
  await tick(300_000)
  await tick()
  expect(drops).toEqual([
    ['expired', 'one'],
    ['expired', 'two'],
  ])
  notify.breaker.reset()
  await tick()
  const span = '2026-01-01 10:00 to 2026-01-01 10:05 UTC'
  const digest = `2 notifications were lost while Slack could not be reached (${span}): 2 waited too long.`
  expect(slack.texts).toEqual([digest])
  expect(notify.status()).toMatchObject({ sent: 0, queued: 0 })
  expect(clock.timers).toBe(0)
})

test('the time to live is over when it is', async () => {
  const { notify, drops, tick } = await setQueueStage({ queue: { ttlMs: 2_000 } })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await tick()
  expect(drops).toEqual([])
  await tick()
  expect(drops).toEqual([['expired', 'one']])
})

test('what is lost while messages go out is told after the last of them, in one more line', async () => {
  const { slack, notify, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  for (const text of ['one', 'two', 'three', 'four']) await notify(text)
  notify.breaker.reset()
  await tick()
  await notify('five')
  await notify('six')
  for (let i = 0; i < 6; i++) await tick()
  expect(slack.texts).toEqual([
    expect.stringContaining('1 notification was lost'),
    'four',
    'five',
    'six',
    expect.stringContaining('2 notifications were lost'),
  ])
})

test('a digest that does not get through is sent again later, and counts what was lost since', async () => {
  const { slack, notify, tick } = await setQueueStage({ queue: { max: 1 } })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await notify('two')
  notify.breaker.reset()
  slack.server.next(errorPage())
  await tick()
  await notify('three')
  await tick()
  await tick()
  expect(slack.texts).toEqual([expect.stringContaining('2 notifications were lost'), 'three'])
})

test('a message whose place was taken while it was being sent is the one that is dropped', async () => {
  const { slack, clock, notify, drops, tick } = await setQueueStage({ queue: { max: 1 } })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  notify.breaker.reset()
  const held = new HeldReply(errorPage())
  slack.server.next(held.reply)
  clock.advance(1_000)
  await slack.server.received(1)
  expect(notify.status()).toMatchObject({ queued: 1 })
  await notify('two')
  held.release()
  await tick(0)
  expect(drops).toEqual([['queue_full', 'one']])
  expect(notify.status()).toMatchObject({ queued: 1 })
})

test('disposal sends what waits, without pauses', async () => {
  const { slack, clock, notify, drops } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  for (const text of ['one', 'two', 'three', 'four']) await notify(text)
  notify.breaker.reset()
  await notify[Symbol.asyncDispose]()
  expect(slack.texts).toEqual([expect.stringContaining('1 notification was lost'), 'two', 'three', 'four'])
  expect(drops).toEqual([['queue_full', 'one']])
  expect(clock.timers).toBe(0)
})

test('disposal tells last what was lost while messages went out', async () => {
  const { slack, notify, tick } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  for (const text of ['one', 'two', 'three']) await notify(text)
  notify.breaker.reset()
  await tick()
  await notify('four')
  await notify('five')
  await notify[Symbol.asyncDispose]()
  const digest = expect.stringContaining('1 notification was lost') as unknown
  expect(slack.texts).toEqual(['one', 'three', 'four', 'five', digest])
})

test('disposal waits for the message whose turn it is', async () => {
  const { slack, clock, notify } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  notify.breaker.reset()
  const held = new HeldReply(webhookAnswer(200, 'ok'))
  slack.server.next(held.reply)
  clock.advance(1_000)
  await slack.server.received(1)
  const disposal = notify[Symbol.asyncDispose]()
  held.release()
  await disposal
  expect(notify.status()).toMatchObject({ sent: 1, queued: 0 })
})

test('disposal waits for what is under way', async () => {
  const { slack, notify } = await setQueueStage()
  const held = new HeldReply(webhookAnswer(200, 'ok'))
  slack.server.next(held.reply)
  const sent = notify('one')
  await slack.server.received(1)
  const disposal = notify[Symbol.asyncDispose]()
  held.release()
  await disposal
  expect(notify.status()).toMatchObject({ sent: 1 })
  expect(await sent).toBe(true)
})

test('disposal does not wait for a service that is down: what waits is dropped', async () => {
  const { slack, notify, drops, clock } = await setQueueStage()
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await notify[Symbol.asyncDispose]()
  expect(slack.server.connections).toBe(0)
  expect(drops).toEqual([['disposed', 'one']])
  expect(notify.status()).toMatchObject({ queued: 0, dropped: { disposed: 1 } })
  expect(clock.timers).toBe(0)
})

test('disposal takes flushTimeoutMs at most', async () => {
  const { slack, clock, notify, drops } = await setQueueStage({ flushTimeoutMs: 2_000, timeoutMs: Infinity })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  await notify('two')
  notify.breaker.reset()
  slack.server.always(neverAnswer())
  const disposal = notify[Symbol.asyncDispose]()
  await slack.server.received(1)
  clock.advance(2_000)
  await disposal
  expect(drops).toEqual([
    ['disposed', 'one'],
    ['disposed', 'two'],
  ])
  await slack.server.drained()
})

test('a message that was being sent when the time for disposal was over is not lost silently', async () => {
  const { slack, clock, notify, drops, tick } = await setQueueStage({ flushTimeoutMs: 2_000, timeoutMs: 10_000 })
  notify.breaker.trip({ reason: 'test' })
  await notify('one')
  notify.breaker.reset()
  slack.server.always(neverAnswer())
  clock.advance(1_000)
  await slack.server.received(1)
  const disposal = notify[Symbol.asyncDispose]()
  clock.advance(2_000)
  await disposal
  expect(drops).toEqual([])
  await tick(8_000)
  expect(drops).toEqual([['disposed', 'one']])
})

test('after its disposal a notifier takes nothing more', async () => {
  const { slack, notify, drops } = await setQueueStage()
  await notify[Symbol.asyncDispose]()
  await notify[Symbol.asyncDispose]()
  expect(await notify('one')).toBe(false)
  expect(drops).toEqual([['disposed', 'one']])
  expect(slack.server.connections).toBe(0)
})

test('a notifier without a queue can be disposed of too', async () => {
  const { slack, registry } = await setStage()
  {
    await using notify = slackNotifier(slack.webhookUrl, { registry })
    void notify('one')
  }
  expect(slack.texts).toEqual(['one'])
})

test('what fails while the notifier is being disposed of is dropped for its own reason', async () => {
  const { slack, notify, drops } = await setQueueStage()
  const held = new HeldReply(errorPage())
  slack.server.next(held.reply)
  const sent = notify('one')
  await slack.server.received(1)
  const disposal = notify[Symbol.asyncDispose]()
  held.release()
  await disposal
  expect(await sent).toBe(false)
  expect(drops).toEqual([['failed', 'one']])
})
