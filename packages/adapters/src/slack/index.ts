export { type GuardWebClientOptions, guardWebClient, type SlackWebClient } from './guard-web-client.ts'
export type { MisconfigurationListener } from './misconfiguration.ts'
export { escapeMrkdwn } from './mrkdwn.ts'
export { SlackCallError, type SlackErrorKind } from './slack-call-error.ts'
export { type IncidentRecipient, slackIncidents, type SlackIncidentsOptions } from './slack-incidents.ts'
export {
  type DroppedNotification,
  type DropReason,
  slackNotifier,
  type SlackNotifier,
  type SlackNotifierOptions,
  type SlackNotifierStatus,
  type SlackQueueOptions,
} from './slack-notifier.ts'
export type { SlackOptions } from './slack-options.ts'
export type { SlackMessage, SlackWebhook } from './slack-webhook.ts'
