import type { BreakerState } from '@switchgear/core'
import { type Outcome, outcomes } from '../outcome.ts'
import type { Condition } from '../scenario.ts'
import { formatClock, formatMs } from './format.ts'
import type { BreakerReading, Frame, Second } from './frame.ts'
import type { Paint, Style } from './paint.ts'

interface Look {
  readonly label: string
  readonly mark: string
  readonly style: Style
}

const conditionLooks: Readonly<Record<Condition, Look>> = {
  healthy: { label: 'healthy', mark: '·', style: 'green' },
  slow: { label: 'slow', mark: '~', style: 'yellow' },
  down: { label: 'down', mark: '×', style: 'red' },
}

const outcomeLooks: Readonly<Record<Outcome, Look>> = {
  paid: { label: 'paid', mark: '█', style: 'green' },
  failed_slowly: { label: 'failed slowly', mark: '▒', style: 'red' },
  failed_fast: { label: 'failed fast', mark: '░', style: 'yellow' },
  lost: { label: 'lost', mark: '!', style: 'red' },
}

const closedLook: Look = { label: 'closed', mark: '─', style: 'green' }
const openLook: Look = { label: 'open', mark: '█', style: 'red' }
const stateLooks: Readonly<Record<BreakerState, Look>> = {
  closed: closedLook,
  half_open: { label: 'half_open', mark: '▄', style: 'yellow' },
  open: openLook,
  forced_open: { ...openLook, label: 'forced_open' },
  disabled: { ...closedLook, label: 'disabled' },
}

const labelWidth = 15

/** The screen, line by line. */
export function renderFrame(frame: Frame, paint: Paint, columns: number): string[] {
  const { elapsedMs, round, seconds } = frame
  const timeline = (look: (second: Second) => Look): string =>
    seconds
      .slice(-Math.max(10, columns - labelWidth - 2))
      .map((second) => painted(look(second), paint))
      .join('')
  return [
    '',
    ` ${paint('bold', 'Switchgear')} · an outage of payments · round ${round} · ${formatClock(elapsedMs)}  ${paint('dim', 'Ctrl-C ends it')}`,
    '',
    ...renderServices(frame, paint),
    '',
    ...renderCounts(frame, paint),
    '',
    row(
      'payments',
      timeline(({ condition }) => conditionLooks[condition]),
    ),
    row(
      'breaker',
      timeline(({ breaker }) => stateLooks[breaker]),
    ),
    row('checkouts', timeline(mainOutcome)),
    row('', legend([conditionLooks.slow, conditionLooks.down, stateLooks.open, stateLooks.half_open], paint)),
    row('', legend([outcomeLooks.paid, outcomeLooks.failed_slowly, outcomeLooks.failed_fast], paint)),
    '',
  ]
}

function renderServices({ condition, breakers, seconds }: Frame, paint: Paint): string[] {
  const rate = `${(seconds.at(-1)?.perSecond ?? 0).toFixed(0)}/s`
  const arrow = breakers.payments.state === 'open' ? paint('red', '──╳  ') : '────▶'
  const { label, style } = conditionLooks[condition]
  const breaker = (reading: BreakerReading): string => paint(stateLooks[reading.state].style, describe(reading))
  return [
    ` users ── ${rate} ──▶ ${paint('bold', 'storefront')} ────▶ ${paint('bold', 'orders')} ${arrow} ${paint('bold', 'payments')} is ${paint(style, label)}`,
    row(
      'breakers',
      `storefront → orders ${breaker(breakers.orders)} · orders → payments ${breaker(breakers.payments)}`,
    ),
  ]
}

function renderCounts({ seconds, totals }: Frame, paint: Paint): string[] {
  const recent = seconds.at(-1)?.counts
  return [
    paint('dim', row('checkouts', pair('last second', 'in all'))),
    ...outcomes
      .filter((outcome) => outcome !== 'lost' || totals.lost > 0)
      .map((outcome) => {
        const { label, style } = outcomeLooks[outcome]
        const note = outcome === 'failed_fast' ? paint('dim', '  never left orders') : ''
        return ` ${paint(style, label.padEnd(labelWidth))} ${pair(recent?.[outcome] ?? 0, totals[outcome])}${note}`
      }),
  ]
}

function pair(now: number | string, all: number | string): string {
  return `${String(now).padStart(11)} ${String(all).padStart(9)}`
}

function row(label: string, text: string): string {
  return ` ${label.padEnd(labelWidth)} ${text}`
}

function describe({ state, retryAfterMs }: BreakerReading): string {
  return state === 'open' && retryAfterMs !== undefined ? `open, tries again in ${formatMs(retryAfterMs)}` : state
}

/** What most checkouts of a second came to. */
function mainOutcome({ counts }: Second): Look {
  const outcome = outcomes.reduce((most, each) => (counts[each] > counts[most] ? each : most))
  return counts[outcome] > 0 ? outcomeLooks[outcome] : { label: 'none', mark: ' ', style: 'dim' }
}

function painted({ mark, style }: Look, paint: Paint): string {
  return paint(style, mark)
}

function legend(looks: readonly Look[], paint: Paint): string {
  return looks.map((look) => `${painted(look, paint)} ${paint('dim', look.label)}`).join('  ')
}
