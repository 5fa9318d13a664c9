import { SpanStatusCode, trace } from '@opentelemetry/api'
import type { Checkout, Outcome } from './outcome.ts'

export interface LoadOptions {
  readonly url: string
  readonly perSecond: number
  /** Called with a function that says where the checkout belongs, as it was when it began. */
  readonly onCheckout: () => (checkout: Checkout) => void
}

// Users do not wait for one another; past this many, the machine is the bottleneck and more load shows nothing.
const maxInFlight = 100
const longestWaitMs = 10_000

const outcomeByPayment: Readonly<Record<string, Outcome>> = {
  paid: 'paid',
  failed: 'failed_slowly',
  not_tried: 'failed_fast',
}

/** Checks out at an even rate, however long the answers take. */
export class LoadGenerator {
  readonly #options: LoadOptions
  readonly #inFlight = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout

  constructor(options: LoadOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#next(), 1_000 / options.perSecond)
  }

  /** Begins no more checkouts, and waits for those that have begun. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#inFlight)
  }

  #next(): void {
    if (this.#inFlight.size >= maxInFlight) return
    const checkout = this.#checkOut().finally(() => this.#inFlight.delete(checkout))
    this.#inFlight.add(checkout)
  }

  async #checkOut(): Promise<void> {
    const record = this.#options.onCheckout()
    record(await checkOut(this.#options.url))
  }
}

const tracer = trace.getTracer('@switchgear/demo')

function checkOut(url: string): Promise<Checkout> {
  return tracer.startActiveSpan('checkout', async (span) => {
    const startedAt = performance.now()
    const outcome = await placeOrder(url)
    if (outcome === 'lost') span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
    return { outcome, latencyMs: performance.now() - startedAt }
  })
}

async function placeOrder(url: string): Promise<Outcome> {
  try {
    const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(longestWaitMs) })
    const body = (await response.json()) as { payment?: string }
    return outcomeByPayment[body.payment ?? ''] ?? 'lost'
  } catch {
    return 'lost'
  }
}
