import type { TransitionEvent } from '@switchgear/core'
import { shownWord } from './bounded-names.ts'
import { ATTRIBUTES } from './names.ts'

/** What spans and log events say of a transition: numbers and bounded names, no text of an error or an operator. */
export function transitionAttributes(event: TransitionEvent, name: string): Record<string, string | number> {
  const { from, to, trigger, dwellMs, window, recentFailures, override } = event
  const decisive = window.find(({ policy }) => policy === trigger)
  // An answer that was judged a failure is one too, and has no error.
  const failure = to === 'open' && override === undefined ? recentFailures.at(-1) : undefined
  return {
    [ATTRIBUTES.name]: name,
    [ATTRIBUTES.transitionFrom]: from,
    [ATTRIBUTES.transitionTo]: to,
    [ATTRIBUTES.transitionTrigger]: shownWord(trigger),
    [ATTRIBUTES.transitionDwellTime]: dwellMs / 1000,
    ...(decisive && {
      [ATTRIBUTES.tripPolicy]: shownWord(decisive.policy),
      [ATTRIBUTES.tripThreshold]: decisive.threshold,
      ...(decisive.value !== undefined && { [ATTRIBUTES.tripValue]: decisive.value }),
      ...(decisive.calls !== undefined && { [ATTRIBUTES.windowCalls]: decisive.calls }),
    }),
    ...(failure && { [ATTRIBUTES.errorType]: shownWord(failure.type) }),
  }
}
