import { answer, type Reply } from '../replies.ts'

/** What a webhook says: 200 `ok`, or a status with a code such as `no_service` in plain text. */
export function webhookAnswer(status: number, text: string): Reply {
  return answer({ status, headers: { 'content-type': 'text/html' }, body: text })
}

/** What the Web API says: 200 with a JSON object, in which `ok` says whether it has worked. */
export function apiAnswer(result: { readonly ok: boolean; readonly [field: string]: unknown }): Reply {
  return answer({
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(result),
  })
}

/** What the Web API says when it refuses a call, with a code such as `channel_not_found`. */
export function apiError(error: string): Reply {
  return apiAnswer({ ok: false, error })
}

/** What both say when there are too many calls. */
export function rateLimited(retryAfterSeconds?: number): Reply {
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return answer({ status: 429, headers, body: '{"ok":false,"error":"ratelimited"}' })
}

/** What stands in front of Slack and says that Slack is not there, in HTML. */
export function errorPage(status = 503): Reply {
  return answer({
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!DOCTYPE html>\n<html><head><title>We’ll be right back</title></head><body>Server Error</body></html>',
  })
}
