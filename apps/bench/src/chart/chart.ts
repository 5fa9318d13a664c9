/** One or several panels under one title. */
export interface Chart {
  readonly title: string
  /** What is shown and under which conditions: part of the picture, and its text for those who do not see it. */
  readonly description: string
  readonly panels: readonly Panel[]
  /** Panels side by side. Default: 1. */
  readonly columns?: number
}

export interface Panel {
  readonly title?: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
}

export interface Axis {
  readonly label: string
  /** Above 0 on a logarithmic scale, and then a power of ten. */
  readonly min: number
  readonly max: number
  /** Default: `linear`. */
  readonly scale?: 'linear' | 'log'
}

export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly dashed?: boolean
  /** Marks each point: for few of them. */
  readonly dots?: boolean
}
