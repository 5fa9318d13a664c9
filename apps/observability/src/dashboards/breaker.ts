import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { anyOf, frame, labelVariable } from './frame.ts'
import { jaegerLink } from './jaeger-link.ts'
import { bars, countBars, lines, stackedOutcomes, stateCounts, stateTimeline, table } from './panels.ts'
import {
  breakersByState,
  callsByOutcome,
  callsInFlight,
  failureShare,
  failuresByType,
  failuresOfOpen,
  fastFailShare,
  rejectionsByReason,
  shareOfTimeByState,
  slowCalls,
  timeOpen,
  transitions,
  tripProximity,
  worstState,
} from './queries.ts'

const SCOPE = 'job="$job", circuit_breaker_name="$breaker", instance=~"$instance"'

const service = '${job:percentencode}'
const breaker = '${breaker:percentencode}'

const toIncidents = jaegerLink('Incidents in Jaeger', { service, operation: 'circuit_breaker.transition', breaker })
const toRejections = jaegerLink('Calls that failed fast, in Jaeger', {
  service,
  operation: 'circuit_breaker.reject',
  breaker,
})
const toProbes = jaegerLink('Probes in Jaeger', { service, operation: 'circuit_breaker.probe', breaker })

/** One breaker of one service, instance by instance. */
export function breakerDashboard(): DashboardBuilder {
  return frame({
    uid: 'switchgear-breaker',
    title: 'Circuit breaker',
    about: 'One circuit breaker of one service: what it did, and what it saw.',
    scope: SCOPE,
    variables: [
      labelVariable('job', 'Service', 'circuit_breaker_state', 'job'),
      labelVariable('breaker', 'Breaker', 'circuit_breaker_state{job="$job"}', 'circuit_breaker_name'),
      anyOf(
        labelVariable(
          'instance',
          'Instance',
          'circuit_breaker_state{job="$job", circuit_breaker_name="$breaker"}',
          'instance',
        ),
      ),
    ],
  })
    .link(toIncidents)
    .link(toRejections)
    .link(toProbes)
    .withRow(new RowBuilder('$breaker in $job'))
    .withPanel(
      stateTimeline({
        title: 'State by instance',
        about: 'Openings between two scrapes are annotations.',
        query: worstState(SCOPE),
        legend: '{{instance}}',
        width: 24,
        height: 7,
        links: [toIncidents],
      }),
    )
    .withPanel(
      stateCounts({
        title: 'Now',
        about: 'How many instances are in each state, or breakers, if they are keyed.',
        query: breakersByState(SCOPE),
        width: 8,
        height: 6,
      }),
    )
    .withPanel(
      table({
        title: 'Why it is open',
        about: 'The failures of 15 minutes, while it is not closed.',
        query: failuresOfOpen(SCOPE),
        columns: { error_type: 'Failure', Value: 'Calls', circuit_breaker_name: 'Breaker', job: 'Service' },
        width: 16,
        height: 6,
      }),
    )
    .withRow(new RowBuilder('Calls'))
    .withPanel(
      stackedOutcomes({
        title: 'Calls by outcome',
        about: 'Rejected calls were not made. Ignored ones say nothing about the service.',
        query: callsByOutcome(SCOPE),
        legend: '{{circuit_breaker_outcome}}',
        unit: 'reqps',
        width: 12,
        links: [toRejections],
      }),
    )
    .withPanel(
      countBars({
        title: 'Failures by type',
        about: 'Failures that count towards opening it.',
        query: failuresByType(SCOPE, 'error_type'),
        legend: '{{error_type}}',
        unit: 'short',
        width: 12,
      }),
    )
    .withPanel(
      lines({
        title: 'Calls that failed fast',
        about: 'Which part of all calls was rejected.',
        query: fastFailShare(SCOPE, 'instance'),
        legend: '{{instance}}',
        unit: 'percentunit',
        width: 8,
        links: [toRejections],
      }),
    )
    .withPanel(
      lines({
        title: 'Rejections by reason',
        about: 'half_open_full: enough probes were on their way. forced_open: somebody has opened it.',
        query: rejectionsByReason(SCOPE),
        legend: '{{circuit_breaker_rejection_reason}}',
        unit: 'reqps',
        width: 8,
        links: [toRejections, toProbes],
      }),
    )
    .withPanel(
      lines({
        title: 'Calls that failed',
        about: 'Which part of the calls that were made has failed.',
        query: failureShare(SCOPE, 'instance'),
        legend: '{{instance}}',
        unit: 'percentunit',
        width: 8,
      }),
    )
    .withRow(new RowBuilder('The breaker'))
    .withPanel(
      lines({
        title: 'How near to opening',
        about: 'At 100 % it opens. While it is not closed it is at 0.',
        query: tripProximity(SCOPE, 'instance'),
        legend: '{{instance}}',
        unit: 'percentunit',
        width: 12,
      }),
    )
    .withPanel(
      countBars({
        title: 'Transitions',
        about: 'Each instance, and each change of its state.',
        query: transitions(SCOPE, '$__interval'),
        legend: '{{circuit_breaker_transition_from}} → {{circuit_breaker_transition_to}} ({{instance}})',
        unit: 'short',
        width: 12,
        links: [toIncidents],
      }),
    )
    .withPanel(
      stackedOutcomes({
        title: 'Share of time by state',
        about: 'Over all instances, short openings included.',
        query: shareOfTimeByState(SCOPE),
        legend: '{{circuit_breaker_state}}',
        unit: 'percentunit',
        width: 12,
      }),
    )
    .withPanel(
      bars({
        title: 'Time open',
        about: 'In the time that is shown.',
        query: `sort_desc(${timeOpen(SCOPE, 'instance')})`,
        legend: '{{instance}}',
        unit: 's',
        width: 12,
      }),
    )
    .withPanel(
      lines({
        title: 'Calls in flight',
        about: 'At the moment of each scrape.',
        query: callsInFlight(SCOPE),
        legend: '{{instance}}',
        unit: 'short',
        width: 12,
      }),
    )
    .withPanel(
      lines({
        title: 'Slow calls',
        about: 'Calls that took longer than the breaker calls slow, if it does.',
        query: slowCalls(SCOPE),
        legend: '{{instance}}',
        unit: 'reqps',
        width: 12,
      }),
    )
}
