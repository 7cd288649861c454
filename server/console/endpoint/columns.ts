import type { RolledMeasure, SampleList } from '#shared/api/endpoints.ts'
import { measuresOf } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'

/** Health by columns, whatever it came as: one value of each measure for each instant. */
export interface Columns {
  /** Epoch ms, oldest first. */
  at: number[]
  /** How far apart two instants may be without something missing in between. */
  reachMs: number
  measures: Measure[]
}
export interface Measure {
  name: string
  mean: (number | null)[]
  /** Smallest and largest, where each value stands for many. */
  band?: Pick<RolledMeasure, 'min' | 'max'>
}

export function columnsOf(health: SampleList): Columns {
  if (health.kind === 'raw') return columnsOfSamples(health.samples)
  const measures = health.measures.map(({ name, mean, min, max }) => ({ name, mean, band: { min, max } }))
  return { at: health.at, reachMs: health.stepMs, measures }
}

function columnsOfSamples(samples: readonly Sample[]): Columns {
  const rows = samples.map((sample) => new Map(measuresOf(sample)))
  const names = new Set(rows.flatMap((row) => [...row.keys()]))
  const at = samples.map((sample) => sample.at)
  return {
    at,
    reachMs: usualStepMs(at) * 4,
    measures: [...names].map((name) => ({ name, mean: rows.map((row) => row.get(name) ?? null) })),
  }
}

function usualStepMs(at: readonly number[]): number {
  const steps = at.slice(1).map((instant, index) => instant - (at[index] ?? instant))
  return steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
}
