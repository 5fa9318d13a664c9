export { FakeSlack, type PostedMessage } from './fake-slack.ts'
export { apiAnswer, apiError, errorPage, rateLimited, webhookAnswer } from './slack-replies.ts'
