import * as api from '@opentelemetry/api'
import { type BoundedNames, shownWord } from './bounded-names.ts'
import { SCOPE_NAME, TRANSITION_LOG_EVENT } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { transitionAttributes } from './transition-attributes.ts'
import { isOfActiveCall } from './transition-cause.ts'
import { VERSION } from './version.ts'

/** The part of a `LoggerProvider` that is used: of `@opentelemetry/api` from 1.10 on, or of `@opentelemetry/api-logs`. */
export interface TransitionLoggerProvider {
  getLogger(name: string, version?: string): TransitionLogger
}

/** The part of a `Logger` that is used. */
export interface TransitionLogger {
  emit(record: {
    eventName: string
    severityNumber: number
    severityText: string
    timestamp: Date
    body: string
    attributes: Record<string, string | number>
    context: api.Context
  }): void
  enabled?(options: { eventName: string; severityNumber: number; context: api.Context }): boolean
}

const WARN = { severityNumber: 13, severityText: 'WARN' } as const
const INFO = { severityNumber: 9, severityText: 'INFO' } as const

/** The logger provider of the application. None with `@opentelemetry/api` before 1.10, which has no logs. */
export function globalLoggerProvider(): TransitionLoggerProvider | undefined {
  const { logs }: { logs?: { getLoggerProvider(): TransitionLoggerProvider } } = api
  return logs?.getLoggerProvider()
}

/** Logs each transition in the context of the call that caused it, where one did: what is left when its span is not sampled. */
export function logTransitions(
  registry: ObservedRegistry,
  provider: TransitionLoggerProvider,
  names: BoundedNames,
): Disposable {
  const logger = provider.getLogger(SCOPE_NAME, VERSION)
  return registry.on('transition', (event) => {
    const severity = event.to === 'open' || event.to === 'forced_open' ? WARN : INFO
    const context = isOfActiveCall(event) ? api.context.active() : api.ROOT_CONTEXT
    const eventName = TRANSITION_LOG_EVENT
    if (logger.enabled?.({ eventName, severityNumber: severity.severityNumber, context }) === false) return
    const name = names.shown(event.breaker)
    logger.emit({
      eventName,
      ...severity,
      timestamp: new Date(event.at),
      body: `${name}: ${event.from} -> ${event.to} (${shownWord(event.trigger)})`,
      attributes: transitionAttributes(event, name),
      context,
    })
  })
}
