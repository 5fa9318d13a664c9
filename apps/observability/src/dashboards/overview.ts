import { type DashboardBuilder, DashboardLinkBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { anyOf, frame, labelVariable } from './frame.ts'
import { jaegerLink } from './jaeger-link.ts'
import { bars, countBars, lines, stackedOutcomes, stateCounts, stateTimeline, table } from './panels.ts'
import {
  breakersByState,
  callsByOutcome,
  failuresByType,
  failuresOfOpen,
  fastFailShare,
  openings,
  timeOpen,
  tripProximity,
  worstState,
} from './queries.ts'

const SCOPE = 'job=~"$job"'
const BREAKER = 'job, circuit_breaker_name'
const BREAKER_LEGEND = '{{job}} → {{circuit_breaker_name}}'

const job = '${__field.labels.job}'
const breaker = '${__field.labels.circuit_breaker_name}'

const toBreaker = new DashboardLinkBuilder('This breaker').url(
  `/d/switchgear-breaker?var-datasource=\${datasource}&var-job=${job}&var-breaker=${breaker}&\${__url_time_range}`,
)
const toIncidents = jaegerLink('Its incidents in Jaeger', {
  service: job,
  operation: 'circuit_breaker.transition',
  breaker,
})
const toRejections = jaegerLink('Calls that failed fast, in Jaeger', {
  service: job,
  operation: 'circuit_breaker.reject',
  breaker,
})

/** All breakers of all services: which of them are open, and why. */
export function overviewDashboard(): DashboardBuilder {
  return frame({
    uid: 'switchgear-overview',
    title: 'Circuit breakers',
    about: 'Which circuit breakers are open, since when, and why.',
    scope: SCOPE,
    variables: [anyOf(labelVariable('job', 'Service', 'circuit_breaker_state', 'job'))],
  })
    .withRow(new RowBuilder('Now'))
    .withPanel(
      stateCounts({
        title: 'Breakers by state',
        about: 'All instances of all services that are chosen.',
        query: breakersByState(SCOPE),
        width: 8,
        height: 6,
      }),
    )
    .withPanel(
      table({
        title: 'What is open, and why',
        about: 'Breakers that are not closed, and the failures that they have counted within 15 minutes.',
        query: failuresOfOpen(SCOPE),
        columns: { circuit_breaker_name: 'Breaker', job: 'Service', error_type: 'Failure', Value: 'Calls' },
        width: 16,
        height: 6,
      }),
    )
    .withRow(new RowBuilder('What happened'))
    .withPanel(
      stateTimeline({
        title: 'States',
        about: 'The worst state of the breakers of a name. Openings between two scrapes are annotations.',
        query: worstState(SCOPE),
        legend: '{{job}} → {{circuit_breaker_name}} ({{instance}})',
        width: 24,
        height: 9,
        links: [toBreaker, toIncidents],
      }),
    )
    .withPanel(
      stackedOutcomes({
        title: 'Calls by outcome',
        about: 'Rejected calls were not made.',
        query: callsByOutcome(SCOPE),
        legend: '{{circuit_breaker_outcome}}',
        unit: 'reqps',
        width: 12,
      }),
    )
    .withPanel(
      lines({
        title: 'Calls that failed fast',
        about: 'Which part of the calls to a service was rejected.',
        query: fastFailShare(SCOPE, BREAKER),
        legend: BREAKER_LEGEND,
        unit: 'percentunit',
        width: 12,
        links: [toBreaker, toRejections],
      }),
    )
    .withPanel(
      countBars({
        title: 'Failures by type',
        about: 'Failures that count towards opening a breaker.',
        query: failuresByType(SCOPE, `${BREAKER}, error_type`),
        legend: '{{circuit_breaker_name}}: {{error_type}}',
        unit: 'short',
        width: 12,
        links: [toBreaker],
      }),
    )
    .withPanel(
      lines({
        title: 'How near to opening',
        about: 'At 100 % a breaker opens. While it is not closed it is at 0.',
        query: tripProximity(SCOPE, BREAKER),
        legend: BREAKER_LEGEND,
        unit: 'percentunit',
        width: 12,
        links: [toBreaker],
      }),
    )
    .withRow(new RowBuilder('In the time that is shown'))
    .withPanel(
      bars({
        title: 'Time open',
        about: 'Added up over all instances, short openings included.',
        query: `sort_desc(${timeOpen(SCOPE, BREAKER)})`,
        legend: BREAKER_LEGEND,
        unit: 's',
        width: 12,
        links: [toBreaker, toIncidents],
      }),
    )
    .withPanel(
      bars({
        title: 'Openings',
        about: 'Failed probes included: each opens the breaker again.',
        query: `sort_desc(${openings(SCOPE, BREAKER)})`,
        legend: BREAKER_LEGEND,
        unit: 'short',
        width: 12,
        links: [toBreaker, toIncidents],
      }),
    )
}
