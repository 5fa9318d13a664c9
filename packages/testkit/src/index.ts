export { FlakyServer, type ReceivedRequest } from './flaky-server.ts'
export {
  type Answer,
  answer,
  cutBody,
  HeldReply,
  neverAnswer,
  OpenBody,
  type Reply,
  resetBeforeHeaders,
  speakNonsense,
} from './replies.ts'
