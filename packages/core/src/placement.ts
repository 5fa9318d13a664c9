import type { EventHub } from './event-hub.ts'
import type { BreakerConfig } from './options.ts'

/** What a registry gives a new breaker in place of options: checked ones, and the hub that hears of its events. */
export class Placement {
  readonly config: BreakerConfig
  readonly hub: EventHub
  /** Which one of a family of keyed breakers it is. */
  readonly key: string | undefined

  constructor(config: BreakerConfig, hub: EventHub, key?: string) {
    this.config = config
    this.hub = hub
    this.key = key
  }
}
