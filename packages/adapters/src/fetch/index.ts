export { HttpStatusError } from '../http/http-status-error.ts'
export { breakerFetch } from './breaker-fetch.ts'
export type { BreakerFetchOptions, OpenResponder } from './options.ts'
