import { answer, type Reply } from '../replies.ts'
import type { StoredObject } from './stored-object.ts'

/** An answer of the JSON API. */
export function resource(body: object): Reply {
  return answer({ headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) })
}

/** An error of the JSON API. */
export function gcsError(status: number, reason = 'backendError'): Reply {
  const message = `the fake answers ${status}`
  const body = { error: { code: status, message, errors: [{ domain: 'global', reason, message }] } }
  return answer({ status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) })
}

/** An object's content, or the part of it that the request asks for. */
export function media(object: StoredObject, range: string | undefined): Reply {
  const { content } = object
  const headers = object.toHeaders()
  if (range === undefined) return answer({ headers, body: content })
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  const start = first === '' ? Math.max(0, content.length - Number(last)) : Number(first)
  const end = first === '' || last === '' ? content.length : Math.min(content.length, Number(last) + 1)
  if (start >= end) return gcsError(416, 'requestedRangeNotSatisfiable')
  return answer({
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${content.length}` },
    body: content.subarray(start, end),
  })
}
