/** How long queues are while time goes on: the longest of each of so many equal spans. */
export interface Gauge {
  /** Queues stay as they are until then. */
  moveTo(now: number): void
  /** By team: a number for each span. */
  curves(): ReadonlyMap<string, readonly number[]>
}

/** As many as a picture can show. */
export const spanCount = 480

export function createGauge(from: number, until: number, lengths: ReadonlyMap<string, number>): Gauge {
  const spanMs = (until - from) / spanCount
  const curves = new Map<string, number[]>()
  let reached = 0
  const curveOf = (team: string): number[] => {
    const curve = curves.get(team) ?? Array.from({ length: spanCount }, () => 0)
    curves.set(team, curve)
    return curve
  }
  return {
    moveTo(now) {
      const last = Math.min(spanCount - 1, Math.floor((now - from) / spanMs))
      for (const [team, length] of lengths) {
        if (length === 0) continue
        const curve = curveOf(team)
        for (let span = reached; span <= last; span += 1) curve[span] = Math.max(curve[span] ?? 0, length)
      }
      reached = last
    },
    curves: () => curves,
  }
}
