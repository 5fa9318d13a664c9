import { placeOn, ticksOf } from './axis-scale.ts'
import type { Chart, Line, Panel } from './chart.ts'

const WIDTH = 800
const PANEL_HEIGHT = { single: 340, several: 240 }
const HEADER = 62
const LEGEND = 26
const MARGIN = { left: 78, right: 28, top: 26, bottom: 46 }

// Told apart by those who see no red and green, too, on white and on black.
const style = `
    text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
    .title { font-size: 17px; font-weight: 600 }
    .panel { font-weight: 600 }
    .note { font-size: 12px; fill: #59636e }
    .paper { fill: #ffffff; stroke: #d1d9e0 }
    .grid { stroke: #d1d9e0 }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round }
    .dashed { stroke-dasharray: 6 4 }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .s0 { stroke: #0969da } .d0 { fill: #0969da }
    .s1 { stroke: #bc4c00 } .d1 { fill: #bc4c00 }
    .s2 { stroke: #6e7781 } .d2 { fill: #6e7781 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .note { fill: #9198a1 }
      .paper { fill: #0d1117; stroke: #3d444d }
      .grid { stroke: #3d444d }
      .s0 { stroke: #58a6ff } .d0 { fill: #58a6ff }
      .s1 { stroke: #f0883e } .d1 { fill: #f0883e }
      .s2 { stroke: #8b949e } .d2 { fill: #8b949e }
    }`

interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Draws a chart as an SVG document that is readable on light and on dark pages. */
export function drawChart({ title, description, panels, columns = 1 }: Chart): string {
  const panelHeight = panels.length > 1 ? PANEL_HEIGHT.several : PANEL_HEIGHT.single
  const panelsTop = HEADER + LEGEND
  const height = panelsTop + Math.ceil(panels.length / columns) * panelHeight
  const drawn = panels.map((panel, index) =>
    drawPanel(panel, {
      left: (index % columns) * (WIDTH / columns) + MARGIN.left,
      top: panelsTop + Math.floor(index / columns) * panelHeight + MARGIN.top,
      width: WIDTH / columns - MARGIN.left - MARGIN.right,
      height: panelHeight - MARGIN.top - MARGIN.bottom,
    }),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">
  <title id="title">${escapeXml(title)}</title>
  <desc id="desc">${escapeXml(description)}</desc>
  <style>${style}
  </style>
  <rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" />
  <text class="title" x="20" y="30">${escapeXml(title)}</text>
  <text class="note" x="20" y="50">${escapeXml(description)}</text>
${[...drawLegend(panels[0]?.lines ?? []), ...drawn.flat()].map((line) => `  ${line}`).join('\n')}
</svg>
`
}

function drawLegend(lines: readonly Line[]): string[] {
  let x = 20
  const y = HEADER + 12
  return lines.flatMap((line, series) => {
    const sample = `<path class="${lineClass(line, series)}" d="M${x} ${y}h24" />`
    const name = `<text x="${x + 32}" y="${y + 4}">${escapeXml(line.name)}</text>`
    x += 32 + line.name.length * 7 + 24
    return [sample, name]
  })
}

function drawPanel({ title, x, y, lines }: Panel, box: Box): string[] {
  const bottom = box.top + box.height
  const xOf = (value: number): number => round(box.left + placeOn(x, value) * box.width)
  const yOf = (value: number): number => round(bottom - placeOn(y, value) * box.height)
  return [
    ...(title === undefined
      ? []
      : [`<text class="panel" x="${box.left}" y="${box.top - 10}">${escapeXml(title)}</text>`]),
    ...ticksOf(y).flatMap((tick) => [
      `<path class="grid" d="M${box.left} ${yOf(tick)}h${box.width}" />`,
      `<text class="note end" x="${box.left - 8}" y="${yOf(tick) + 4}">${format(tick)}</text>`,
    ]),
    ...ticksOf(x).map((tick) => `<text class="note middle" x="${xOf(tick)}" y="${bottom + 18}">${format(tick)}</text>`),
    `<text class="note middle" x="${box.left + box.width / 2}" y="${bottom + 36}">${escapeXml(x.label)}</text>`,
    `<text class="note" transform="translate(${box.left - 60} ${box.top + box.height / 2}) rotate(-90)" text-anchor="middle">${escapeXml(y.label)}</text>`,
    ...lines.flatMap((line, series) => drawLine(line, series, xOf, yOf)),
  ]
}

function drawLine(
  line: Line,
  series: number,
  xOf: (value: number) => number,
  yOf: (value: number) => number,
): string[] {
  const places = line.points.map(([x, y]) => [xOf(x), yOf(y)] as const)
  const path = `<path class="${lineClass(line, series)}" d="M${places.map(([x, y]) => `${x} ${y}`).join('L')}" />`
  if (line.dots !== true) return [path]
  return [path, ...places.map(([x, y]) => `<circle class="d${series}" cx="${x}" cy="${y}" r="3.5" />`)]
}

function lineClass({ dashed }: Line, series: number): string {
  return `line s${series}${dashed === true ? ' dashed' : ''}`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function format(value: number): string {
  return value.toLocaleString('en')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
