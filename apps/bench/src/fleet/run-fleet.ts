// A fleet whose one dependency goes down for two minutes and comes back cold. Prints what it saw, and draws the plots of
// docs/guides/choosing-thresholds.md.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drawChart } from '../chart/draw-chart.ts'
import { digits, formatTable } from '../report/format.ts'
import { detectionChart, measureDetection, wasteChart } from './detection.ts'
import { measureRecovery, recoveryChart } from './recovery.ts'

const folder = fileURLToPath(new URL('../../../../docs/guides/images/', import.meta.url))

const detections = measureDetection()
console.log(
  formatTable(
    ['instances', 'policy', 'half of them open after, s', 'calls that failed', 'of them probes'],
    detections.map(({ instances, policy, seconds, wasted, probes }) => [
      String(instances),
      policy,
      digits(seconds),
      digits(wasted),
      digits(probes),
    ]),
  ),
)

const recoveries = measureRecovery()
console.log(
  '\n' +
    formatTable(
      ['way back', 'most load, % of what it can do', 'refused', 'wanted and not served', 'nine in ten served after, s'],
      recoveries.map(({ title, peak, refused, unserved, servedAfterS }) => [
        title,
        ...[100 * peak, refused, unserved, servedAfterS].map(digits),
      ]),
    ),
)

mkdirSync(folder, { recursive: true })
const charts = {
  'fleet-detection.svg': detectionChart(detections),
  'fleet-waste.svg': wasteChart(detections),
  'fleet-recovery.svg': recoveryChart(recoveries),
}
for (const [file, chart] of Object.entries(charts)) writeFileSync(join(folder, file), drawChart(chart))
console.log('\nWritten to docs/guides/images.')
