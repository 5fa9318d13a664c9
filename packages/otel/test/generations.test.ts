import { expect, test, vi } from 'vitest'
import { bundle, generations, run } from './programs/run-program.ts'
import type { StoryReport } from './programs/story.ts'

// Several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 })

const payments = (labels: string): string => `{circuit_breaker_name="payments"${labels}}`

test.each([
  ['sdk 2', 'node20'],
  ['sdk 3', 'node22'],
  ['sdk 3', 'node24'],
] as const)('tells the same of an outage with %s on %s', async (name, node) => {
  const generation = generations[name]
  const program = await bundle(
    `import { startSdk } from '${generation.startSdk}'
     import { tellStory } from './story.ts'
     await tellStory(startSdk)`,
    generation,
  )

  const { code, stdout, stderr } = await run(node, program)

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { active, metrics, spans, logs } = JSON.parse(stdout) as StoryReport
  expect(active).toBe('circuit_breaker.probe payments')
  expect(metrics).toEqual(
    expect.arrayContaining([
      `circuit_breaker_state${payments(',circuit_breaker_state="closed"')} 1`,
      `circuit_breaker_state${payments(',circuit_breaker_state="open"')} 0`,
      `circuit_breaker_calls_total${payments(',circuit_breaker_outcome="failure",error_type="TypeError"')} 2`,
      `circuit_breaker_calls_total${payments(',circuit_breaker_outcome="rejected",circuit_breaker_rejection_reason="open"')} 1`,
      `circuit_breaker_state_time_total${payments(',circuit_breaker_state="open"')} 1`,
    ]),
  )
  const trip = 'circuit_breaker.transition payments to open'
  expect(spans).toEqual([
    span('first failure'),
    span(trip, { links: ['trigger: second failure'], isError: true }),
    span('second failure'),
    span('circuit_breaker.reject payments', { parent: 'fast-fail', links: [`incident: ${trip}`], isError: true }),
    span('fast-fail'),
    span('circuit_breaker.transition payments to half_open', { parent: trip, links: ['trigger: recovery'] }),
    span('circuit_breaker.probe payments', { parent: 'recovery', links: [`incident: ${trip}`] }),
    span('circuit_breaker.transition payments to closed', {
      parent: trip,
      links: ['trigger: circuit_breaker.probe payments'],
    }),
    span('recovery'),
    span('circuit_breaker.transition refunds to open', { isError: true }),
  ])
  expect(spans.find(({ name: spanName }) => spanName.endsWith('to half_open'))?.durationMs).toBe(1_500)
  expect(logs).toEqual([
    ['circuit_breaker.transition', 'WARN', 'second failure'],
    ['circuit_breaker.transition', 'INFO', 'recovery'],
    ['circuit_breaker.transition', 'INFO', 'recovery'],
    ['circuit_breaker.transition', 'WARN', 'unsampled request'],
  ])
})

function span(
  name: string,
  { parent, links = [], isError = false }: Partial<StoryReport['spans'][number]> = {},
): object {
  return { name, ...(parent !== undefined && { parent }), links, isError, durationMs: expect.any(Number) }
}
