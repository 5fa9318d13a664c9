export { HttpStatusError } from '../http/http-status-error.ts'
export { type BreakerInterceptor, breakerInterceptor } from './breaker-interceptor.ts'
export type { BreakerInterceptorOptions, DispatchedRequest, DispatchedResponse } from './options.ts'
