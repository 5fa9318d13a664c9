import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { Frame, Second } from '../src/view/frame.ts'
import type { Paint } from '../src/view/paint.ts'
import { PlainView } from '../src/view/plain-view.ts'
import { renderFrame } from '../src/view/render-frame.ts'

const plain: Paint = (_style, text) => text

function second(elapsedMs: number, given: Partial<Second> = {}): Second {
  const counts = { paid: 25, failed_slowly: 0, failed_fast: 0, lost: 0 }
  return { elapsedMs, condition: 'healthy', breaker: 'closed', counts, perSecond: 25, ...given }
}

function frame(given: Partial<Frame> = {}): Frame {
  return {
    elapsedMs: 17_000,
    round: 1,
    condition: 'down',
    breakers: { orders: { state: 'closed' }, payments: { state: 'open', retryAfterMs: 1_200 } },
    totals: { paid: 100, failed_slowly: 26, failed_fast: 187, lost: 0 },
    seconds: [
      second(15_000),
      second(16_000, { condition: 'slow', counts: { paid: 0, failed_slowly: 20, failed_fast: 5, lost: 0 } }),
      second(17_000, {
        condition: 'down',
        breaker: 'open',
        counts: { paid: 0, failed_slowly: 2, failed_fast: 23, lost: 0 },
        perSecond: 24.6,
      }),
    ],
    ...given,
  }
}

test('the screen shows the state of the breaker and of payments', () => {
  const screen = renderFrame(frame(), plain, 100).join('\n')
  expect(screen).toContain('round 1 · 00:17')
  expect(screen).toContain('payments is down')
  expect(screen).toContain('storefront → orders closed · orders → payments open, tries again in 1.2 s')
})

test('the screen shows requests per second, and slow and fast failures of the last second and in all', () => {
  const screen = renderFrame(frame(), plain, 100).join('\n')
  expect(screen).toContain('users ── 25/s ──▶ storefront')
  expect(screen).toMatch(/paid +0 +100/)
  expect(screen).toMatch(/failed slowly +2 +26/)
  expect(screen).toMatch(/failed fast +23 +187 +never left orders/)
})

test('the screen has a mark for each second, and no line that is wider than its time line', () => {
  const lines = renderFrame(frame(), plain, 100)
  expect(lines).toContain(` ${'payments'.padEnd(15)} ·~×`)
  expect(lines).toContain(` ${'breaker'.padEnd(15)} ──█`)
  expect(lines).toContain(` ${'checkouts'.padEnd(15)} █▒░`)
  const long = renderFrame(
    frame({ seconds: Array.from({ length: 300 }, (_, index) => second(index * 1_000)) }),
    plain,
    60,
  )
  expect(Math.max(...long.filter((line) => line.includes('···')).map((line) => line.length))).toBeLessThanOrEqual(60)
})

test('the screen tells of lost checkouts only when there are some', () => {
  expect(renderFrame(frame(), plain, 100).join('\n')).not.toContain('lost')
  const totals = { paid: 0, failed_slowly: 0, failed_fast: 0, lost: 3 }
  expect(renderFrame(frame({ totals }), plain, 100).join('\n')).toMatch(/lost +0 +3/)
})

test('where nothing can be redrawn, each second and each event is one line, printed once', () => {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      chunks.push(chunk)
      done()
    },
  })
  const view = new PlainView(stream, plain)
  view.show(frame())
  view.tell(17_100, 'payments is healthy again')
  view.show(frame())
  view.show(frame({ seconds: [...frame().seconds, second(18_000)] }))
  expect(chunks).toHaveLength(5)
  expect(chunks[2]).toBe(
    '00:17  payments down     breaker open        25 req/s  paid   0  failed slowly   2  failed fast  23\n',
  )
  expect(chunks[3]).toBe('00:17  ── payments is healthy again\n')
})
