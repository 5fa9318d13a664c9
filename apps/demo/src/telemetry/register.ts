// Loaded with `--import`, before a service: instrumentation has to be in place when `node:http` is imported.
import { register } from 'node:module'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { sendToDemo } from '../services/send-to-demo.ts'
import { readSettings } from '../settings.ts'
import { type Telemetry, startTelemetry } from './start-telemetry.ts'

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: ['node:http'] } })

export const telemetry: Telemetry = startTelemetry({
  service: process.env['OTEL_SERVICE_NAME'] ?? 'unnamed',
  otlpEndpoint: readSettings(process.env).otlpEndpoint,
  onSpans: (spans) => sendToDemo({ type: 'spans', spans }),
  onWarning: (message) => sendToDemo({ type: 'warning', message }),
})

instrumentCircuitBreakers()
