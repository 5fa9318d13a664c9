import { type Channel, channel } from 'node:diagnostics_channel'
import { getDefaultRegistry, type OptionRule, validateOptions } from '@switchgear/core'
import { attachOnce } from './attach-once.ts'
import { disposeAll } from './dispose-all.ts'
import { CHANNELS } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'

export { CHANNELS } from './names.ts'

/** Whose events are published. */
export interface PublishOptions {
  /** Default: the default registry. */
  registry?: Pick<ObservedRegistry, 'on'>
}

type PublishedEvent = keyof typeof CHANNELS

const rules: Readonly<Record<keyof PublishOptions, OptionRule>> = {
  registry: [(value) => typeof (value as ObservedRegistry | null)?.on === 'function', 'a CircuitBreakerRegistry'],
}

// Held here, as Node forgets a channel that nobody has and nobody subscribes to.
const channels = (Object.keys(CHANNELS) as PublishedEvent[]).map((event): [PublishedEvent, Channel] => [
  event,
  channel(CHANNELS[event]),
])

/**
 * Publishes the events of a registry's breakers, those to come included, to {@link CHANNELS} of `node:diagnostics_channel`
 * until the handle is disposed of. A message is the event itself, sent in the call that caused it. A channel that nobody
 * subscribes to costs nothing. A second call for the same registry adds nothing.
 *
 * @throws {CircuitBreakerConfigError} for an option that does not exist or a `registry` that is none
 */
export function publishCircuitBreakerEvents(options: PublishOptions = {}): Disposable {
  validateOptions('', options, rules)
  const { registry = getDefaultRegistry() } = options
  return disposeAll(
    channels.map(([event, target]) =>
      attachOnce(event, registry, target, '', () =>
        registry.on(event, (message) => target.publish(message), { when: () => target.hasSubscribers }),
      ),
    ),
  )
}
