import { instrumentWhenReady } from './instrument-when-ready.ts'

/**
 * Instruments the default registry with the global providers as soon as this module is loaded:
 * `node --import @switchgear/otel/register app.js`. The SDK may be started before or after. Dispose of it to stop.
 */
export const instrumentation: Disposable = instrumentWhenReady()
