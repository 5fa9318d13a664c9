import { breakerInterceptor } from '@switchgear/adapters/undici'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import type * as undici from 'undici'

/** Drives the interceptor under `request` of a version of undici. */
export function requestDriver(
  name: string,
  { Agent, request }: Pick<typeof undici, 'Agent' | 'request'>,
  oldestNode: number,
): ContractDriver {
  return {
    name,
    oldestNode,
    connect({ server, registry, options }) {
      let vendorResult: unknown
      let result: unknown
      const agent = new Agent()
      // What undici makes of a response begins with these headers, on either side of the interceptor.
      const dispatcher = agent.compose(
        watchHeaders((headers) => (vendorResult = headers)),
        breakerInterceptor({ ...options, registry }),
        watchHeaders((headers) => (result = headers)),
      )
      return {
        breaker: registry.keyed('undici').for(server.url),
        async call({ signal } = {}) {
          const { body } = await request(server.url, { dispatcher, signal: signal ?? null })
          await body.text()
          return result
        },
        get vendorResult() {
          return vendorResult
        },
        close: () => agent.close(),
      }
    },
  }
}

function watchHeaders(tell: (headers: object) => void): undici.Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const onResponseStart: typeof handler.onResponseStart = (...start) => {
      tell(start[2])
      handler.onResponseStart?.(...start)
    }
    // Its other methods need it to be what they belong to.
    const watching = new Proxy(handler, {
      get(target, name) {
        if (name === 'onResponseStart') return onResponseStart
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return dispatch(options, watching)
  }
}
