import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlMessage } from '../messages.ts'
import type { Condition } from '../scenario.ts'
import { healthyAnswerMs, resetAfterMs, slowAnswerMs } from '../timing.ts'
import { sendToDemo } from './send-to-demo.ts'
import { serve } from './serve.ts'

let condition: Condition = 'healthy'
let received = 0

process.on('message', (message: ControlMessage) => {
  if (message.type === 'condition') condition = message.condition
})

await serve('payments', {
  'POST /charges': async (_request, response) => {
    sendToDemo({ type: 'charges_received', count: ++received })
    if (condition === 'down') {
      // As behind a load balancer whose last backend is gone.
      await sleep(resetAfterMs)
      response.statusCode = 503
      response.destroy()
      return undefined
    }
    await sleep(condition === 'slow' ? slowAnswerMs : healthyAnswerMs)
    return { status: 201, body: { charged: true } }
  },
})
