import { EventHub } from './event-hub.ts'

/** Hands on the events of one family of keyed breakers, and knows which. */
export class FamilyHub extends EventHub {
  readonly #family: string

  constructor(parent: EventHub, family: string) {
    super(parent)
    this.#family = family
  }

  override get family(): string {
    return this.#family
  }
}
