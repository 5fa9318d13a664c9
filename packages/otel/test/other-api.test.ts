import { metrics, trace } from '@opentelemetry/api'
import { expect, onTestFinished, test, vi } from 'vitest'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const key = Symbol.for('opentelemetry.js.api.1')

/** What the application has registered, for the time of this test. */
function register(api: object): void {
  const scope = globalThis as { [key]?: object }
  const before = scope[key]
  scope[key] = api
  onTestFinished(() => {
    Object.assign(scope, { [key]: before })
  })
}

test('warns once where the application has registered with an API that the one loaded here cannot use', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())

  // Nothing is registered, then something that this copy of the API sees.
  instrumentCircuitBreakers({ registry: createRegistry() })
  const telemetry = new Telemetry()
  metrics.setGlobalMeterProvider(telemetry.meterProvider)
  trace.setGlobalTracerProvider(telemetry.tracerProvider)
  instrumentCircuitBreakers({ registry: createRegistry() })
  expect(warn).not.toHaveBeenCalled()
  metrics.disable()
  trace.disable()

  // An older minor version, whose registrations a newer copy does not touch.
  register({ version: '1.0.0', metrics: telemetry.meterProvider })
  instrumentCircuitBreakers({ registry: createRegistry() })
  instrumentCircuitBreakers({ registry: createRegistry() })

  expect(warn.mock.calls).toEqual([[expect.stringMatching(/@opentelemetry\/api 1\.0\.0.*npm ls @opentelemetry\/api/)]])
})
