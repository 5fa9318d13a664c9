import type { IncomingMessage } from 'node:http'
import { FlakyServer } from '../flaky-server.ts'
import { answer, type Reply } from '../replies.ts'
import { readArguments } from './request-arguments.ts'
import { apiAnswer, apiError, webhookAnswer } from './slack-replies.ts'

/** A message that Slack has taken. */
export interface PostedMessage {
  readonly text?: unknown
  /** For one that came by the Web API. */
  readonly channel?: unknown
  readonly [field: string]: unknown
}

const WEBHOOK_PATH = '/services/T00000000/B00000000/aVerySecretPart'
const CHANNELS = ['alerts', 'general', 'random']

/**
 * Slack on loopback, as much of it as its clients need: a webhook, and a Web API that checks tokens and channels, pages through
 * lists and takes files. It answers what reaches a {@link FlakyServer}, whose `next(…)` says what is done to requests instead;
 * `reply` in that list lets one through.
 */
export class FakeSlack implements AsyncDisposable {
  readonly server: FlakyServer
  /** What was posted and taken, in order. */
  readonly messages: PostedMessage[] = []
  /** What has been uploaded, by the file's id. */
  readonly files: Map<string, unknown> = new Map()
  readonly token = 'xoxb-a-very-secret-token'

  private constructor(server: FlakyServer) {
    this.server = server
    server.always(this.reply)
  }

  static async start(): Promise<FakeSlack> {
    return new FakeSlack(await FlakyServer.start())
  }

  /** The URL of a webhook, which is a secret as a real one is. */
  get webhookUrl(): string {
    return this.server.url + WEBHOOK_PATH
  }

  /** What the client takes as `slackApiUrl`. */
  get apiUrl(): string {
    return `${this.server.url}/api/`
  }

  /** The texts of {@link messages}. */
  get texts(): unknown[] {
    return this.messages.map(({ text }) => text)
  }

  readonly reply: Reply = (request, response) => {
    void this.#answer(request).then((reply) => reply(request, response))
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const path = request.url ?? ''
    const given = await readArguments(request).catch(() => undefined)
    if (path.startsWith('/services/')) return this.#webhook(path, given)
    if (path.startsWith('/upload/')) return this.#upload(path, given)
    if (!path.startsWith('/api/')) return answer({ status: 404 })
    const { authorization = '' } = request.headers
    return this.#call(path.slice('/api/'.length), given ?? {}, authorization.replace('Bearer ', ''))
  }

  #webhook(path: string, message: Record<string, unknown> | undefined): Reply {
    if (path !== WEBHOOK_PATH) return webhookAnswer(404, 'no_service')
    if (message === undefined) return webhookAnswer(400, 'invalid_payload')
    if (!message['text'] && message['blocks'] === undefined) return webhookAnswer(400, 'no_text')
    this.messages.push(message)
    return webhookAnswer(200, 'ok')
  }

  #upload(path: string, given: Record<string, unknown> | undefined): Reply {
    this.files.set(path.slice('/upload/'.length), given?.['body'])
    return answer({ body: 'OK - 1' })
  }

  #call(method: string, given: Record<string, unknown>, token: string): Reply {
    if (token === '') return apiError('not_authed')
    if (token !== this.token) return apiError('invalid_auth')
    switch (method) {
      case 'api.test':
        return apiAnswer({ ok: true, args: given })
      case 'chat.postMessage':
        return this.#post(given)
      case 'conversations.list':
        return listChannels(given)
      case 'files.getUploadURLExternal': {
        const id = `F${this.files.size}`
        return apiAnswer({ ok: true, file_id: id, upload_url: `${this.server.url}/upload/${id}` })
      }
      case 'files.completeUploadExternal':
        return apiAnswer({ ok: true, files: JSON.parse(String(given['files'])) as unknown })
      default:
        return apiError('unknown_method')
    }
  }

  #post(message: Record<string, unknown>): Reply {
    if (!CHANNELS.includes(String(message['channel']))) return apiError('channel_not_found')
    if (!message['text'] && message['blocks'] === undefined) return apiError('no_text')
    this.messages.push(message)
    return apiAnswer({ ok: true, channel: message['channel'], ts: `1700000000.${this.messages.length}` })
  }
}

/** One channel a page. The cursor is the number of the next one. */
function listChannels({ cursor }: Record<string, unknown>): Reply {
  const index = Number(cursor ?? 0)
  const isLast = index === CHANNELS.length - 1
  return apiAnswer({
    ok: true,
    channels: [{ name: CHANNELS[index] }],
    response_metadata: { next_cursor: isLast ? '' : String(index + 1) },
  })
}
