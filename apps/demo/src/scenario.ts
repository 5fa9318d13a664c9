/** How payments is. */
export type Condition = 'healthy' | 'slow' | 'down'

export type PhaseName = 'healthy' | 'slow' | 'down' | 'healthy again'

/** What has happened so far. */
export interface Progress {
  /** How long the phase has lasted. */
  readonly phaseMs: number
  /** Calls that failed fast in this round. */
  readonly failedFast: number
  /** For how long the breaker has been closed; undefined when it is not. */
  readonly closedForMs: number | undefined
}

export interface Phase {
  readonly name: PhaseName
  readonly condition: Condition
  readonly about: string
  /** A slow machine is given time: a phase lasts until it has shown what it is there to show, within limits. */
  readonly isOver: (progress: Progress) => boolean
}

export interface ScriptOptions {
  readonly once: boolean
  /** How long payments is down, in seconds, if the script's own time is not right. */
  readonly downSeconds?: number | undefined
}

/** The script: payments is healthy, slow, down and healthy again. */
export function script({ once, downSeconds }: ScriptOptions): readonly Phase[] {
  // All of the longest times of a fast round stay well under a minute.
  const seconds = once ? { healthy: 4, slow: 6, down: 5, after: 3 } : { healthy: 10, slow: 14, down: 14, after: 8 }
  const enoughFailedFast = 60
  return [
    {
      name: 'healthy',
      condition: 'healthy',
      about: 'payments is healthy',
      isOver: ({ phaseMs }) => phaseMs >= seconds.healthy * 1_000,
    },
    {
      name: 'slow',
      condition: 'slow',
      about: 'payments turns slow: it takes longer than orders waits',
      isOver: ({ phaseMs, failedFast }) =>
        (phaseMs >= seconds.slow * 1_000 && failedFast >= enoughFailedFast) || phaseMs >= 15_000,
    },
    {
      name: 'down',
      condition: 'down',
      about: 'payments goes down: connections hang, then are reset',
      isOver: ({ phaseMs }) => phaseMs >= (downSeconds ?? seconds.down) * 1_000,
    },
    {
      name: 'healthy again',
      condition: 'healthy',
      about: 'payments is healthy again',
      isOver: ({ phaseMs, closedForMs }) =>
        Math.min(phaseMs, closedForMs ?? 0) >= seconds.after * 1_000 || phaseMs >= 16_000,
    },
  ]
}
