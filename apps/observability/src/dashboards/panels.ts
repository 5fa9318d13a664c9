import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DashboardLinkBuilder,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'
import { STATE_CODES } from './queries.ts'

/** The Prometheus that the reader of a dashboard has chosen. */
export const PROMETHEUS = { type: 'prometheus', uid: '${datasource}' } as const

export interface PanelOptions {
  readonly title: string
  /** What a reader has to know to read it. */
  readonly about: string
  readonly query: string
  /** Of the 24 columns of a dashboard. */
  readonly width: number
  readonly height?: number
  readonly links?: readonly DashboardLinkBuilder[]
}

interface SeriesOptions extends PanelOptions {
  /** The name of a line, by its labels. */
  readonly legend: string
  readonly unit: string
}

const COLORS = {
  closed: 'green',
  disabled: 'blue',
  half_open: 'orange',
  forced_open: 'purple',
  open: 'red',
  success: 'green',
  failure: 'red',
  rejected: 'purple',
  ignored: 'text',
} as const

const LABELS: Readonly<Record<keyof typeof STATE_CODES, string>> = {
  closed: 'closed',
  disabled: 'disabled',
  half_open: 'half-open',
  forced_open: 'forced open',
  open: 'open',
}

const STATES = Object.entries(STATE_CODES) as [keyof typeof STATE_CODES, number][]

const NUMBER_TO_STATE: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    STATES.map(([state, code], index) => [String(code), { text: LABELS[state], color: COLORS[state], index }]),
  ),
}

/** A band for each line, in the colours of the states. */
export function stateTimeline({ legend, ...options }: Omit<SeriesOptions, 'unit'>): StateTimeline {
  const panel = new StateTimeline()
    .mappings([NUMBER_TO_STATE])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(steps([null, 'text']))
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .withTarget(overTime(options.query, legend))
  return place(panel, options)
}

/** How many are in each state. */
export function stateCounts(options: PanelOptions): Stat {
  const panel = new Stat()
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .orientation(VizOrientation.Auto)
    .reduceOptions(lastValue())
    .thresholds(steps([null, 'text']))
    .withTarget(now(options.query, '{{circuit_breaker_state}}'))
  for (const [state] of STATES) {
    panel.overrideByName(state, [
      { id: 'displayName', value: LABELS[state] },
      { id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: countSteps(state) } },
    ])
  }
  return place(panel, options)
}

/** One row for each series of now. */
export function table({ columns, ...options }: PanelOptions & { columns: Readonly<Record<string, string>> }): Table {
  const panel = new Table()
    .noValue('nothing')
    .withTarget(now(options.query, '').format(PromQueryFormat.Table))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(Object.keys(columns).map((name, index) => [name, index])),
        renameByName: columns,
      },
    })
  return place(panel, options)
}

/** Bars that are compared, the longest first. */
export function bars({ legend, unit, ...options }: SeriesOptions): BarGauge {
  const panel = new BarGauge()
    .unit(unit)
    .min(0)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .reduceOptions(lastValue())
    .thresholds(steps([null, 'orange']))
    .withTarget(now(options.query, legend))
  return place(panel, options)
}

export function lines({ legend, unit, ...options }: SeriesOptions): TimeSeries {
  return place(timeSeries(unit).fillOpacity(0).withTarget(overTime(options.query, legend)), options)
}

/** What becomes of calls, in colours of their own, on top of each other. */
export function stackedOutcomes({ legend, unit, ...options }: SeriesOptions): TimeSeries {
  const panel = stacked(unit).withTarget(overTime(options.query, legend))
  for (const [name, color] of Object.entries(COLORS)) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } }])
  }
  return place(panel, options)
}

/** What was counted in each interval, as columns. */
export function countBars({ legend, unit, ...options }: SeriesOptions): TimeSeries {
  const panel = stacked(unit)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .withTarget(overTime(options.query, legend).interval('15s'))
  return place(panel, options)
}

function timeSeries(unit: string): TimeSeries {
  const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi)
  tooltip.sort(SortOrder.Descending)
  return new TimeSeries()
    .unit(unit)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .showPoints(VisibilityMode.Never)
    .tooltip(tooltip)
}

function stacked(unit: string): TimeSeries {
  return timeSeries(unit).fillOpacity(30).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
}

interface Placeable {
  title(title: string): unknown
  description(description: string): unknown
  datasource(datasource: typeof PROMETHEUS): unknown
  span(width: number): unknown
  height(height: number): unknown
  dataLinks(links: DashboardLinkBuilder[]): unknown
}

function place<Panel extends Placeable>(panel: Panel, { title, about, width, height = 8, links }: PanelOptions): Panel {
  panel.title(title)
  panel.description(about)
  panel.datasource(PROMETHEUS)
  panel.span(width)
  panel.height(height)
  if (links) panel.dataLinks([...links])
  return panel
}

function overTime(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(PROMETHEUS).expr(expr).legendFormat(legend).range()
}

function now(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(PROMETHEUS).expr(expr).legendFormat(legend).instant()
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false)
}

function steps(...all: readonly (readonly [value: number | null, color: string])[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(all.map(([value, color]) => ({ value, color })))
}

/** No colour for none of them. */
function countSteps(state: keyof typeof STATE_CODES): { value: number | null; color: string }[] {
  return [
    { value: null, color: 'text' },
    { value: 1, color: COLORS[state] },
  ]
}
