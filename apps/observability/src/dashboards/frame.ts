import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PROMETHEUS } from './panels.ts'
import { transitions } from './queries.ts'

export interface FrameOptions {
  readonly uid: string
  readonly title: string
  readonly about: string
  /** Which series the annotations are about. */
  readonly scope: string
  /** The variables between the datasource and the address of Jaeger. */
  readonly variables: readonly QueryVariableBuilder[]
}

/** What the dashboards have in common: where data comes from, transitions as annotations, the way to each other. */
export function frame({ uid, title, about, scope, variables }: FrameOptions): DashboardBuilder {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['switchgear'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
  for (const variable of variables) dashboard.withVariable(variable)
  return dashboard
    .withVariable(
      new TextBoxVariableBuilder('jaeger')
        .label('Jaeger')
        .description('Where links to traces lead.')
        .defaultValue('http://localhost:16686'),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Transitions')
        .datasource(PROMETHEUS)
        .enable(true)
        .iconColor('orange')
        .expr(transitions(scope, '1m'))
        .step('60s')
        .titleFormat(
          '{{circuit_breaker_name}}: {{circuit_breaker_transition_from}} → {{circuit_breaker_transition_to}}',
        )
        .textFormat('{{instance}} of {{job}}')
        .tagKeys('circuit_breaker_name,circuit_breaker_transition_to'),
    )
    .link(
      new DashboardLinkBuilder('Circuit breakers')
        .type(DashboardLinkType.Dashboards)
        .tags(['switchgear'])
        .includeVars(true)
        .keepTime(true),
    )
}

/** A variable whose values are those of a label. */
export function labelVariable(name: string, label: string, series: string, metricLabel: string): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(PROMETHEUS)
    .query(`label_values(${series}, ${metricLabel})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
  variable.sort(VariableSort.AlphabeticalAsc)
  return variable
}

/** That variable, with all of its values chosen at first. */
export function anyOf(variable: QueryVariableBuilder): QueryVariableBuilder {
  return variable.multi(true).includeAll(true).allValue('.*').current({ selected: true, text: 'All', value: '$__all' })
}
