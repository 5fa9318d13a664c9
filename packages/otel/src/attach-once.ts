import { diag } from '@opentelemetry/api'

interface Attachment {
  uses: number
  readonly settings: string
  readonly handle: Disposable
}

// One for the process: two copies of this package must not report each call twice.
const key: unique symbol = Symbol.for('switchgear.otel.attachments') as never

/**
 * Attaches one signal of a registry to a provider, unless that is done already: then the attachment is shared, and ends
 * with its last user. `settings` says what the attachment depends on; those of the first user hold.
 */
export function attachOnce(
  signal: string,
  registry: object,
  provider: object,
  settings: string,
  attach: () => Disposable,
): Disposable {
  const providers = attachmentsOf(registry, signal)
  let attachment = providers.get(provider)
  if (attachment === undefined) providers.set(provider, (attachment = { uses: 0, settings, handle: attach() }))
  if (attachment.settings !== settings) {
    diag.warn(`switchgear: ${signal} of this registry are attached already; the options of the first call hold`)
  }
  attachment.uses++
  const { handle } = attachment
  return {
    [Symbol.dispose]: () => {
      if (--attachment.uses > 0) return
      providers.delete(provider)
      handle[Symbol.dispose]()
    },
  }
}

function attachmentsOf(registry: object, signal: string): WeakMap<object, Attachment> {
  const scope = globalThis as { [key]?: WeakMap<object, Map<string, WeakMap<object, Attachment>>> }
  const registries = (scope[key] ??= new WeakMap())
  let signals = registries.get(registry)
  if (signals === undefined) registries.set(registry, (signals = new Map()))
  let providers = signals.get(signal)
  if (providers === undefined) signals.set(signal, (providers = new WeakMap()))
  return providers
}
