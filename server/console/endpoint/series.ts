import type { Sample } from '#shared/domain/sample.ts'
import type { Columns, Measure } from './columns.ts'

type Values = (number | null)[]

/** Lines of one chart: instants in seconds, and per line a value for each of them; a band around it where it is a mean. */
export interface ChartSeries {
  at: number[]
  lines: { label: string; values: Values; band?: { min: Values; max: Values } }[]
}

// More lines than colours say nothing.
const MAX_LINES = 6

/** What was kept and what has come, once each, without what is older than `from`. Both oldest first. */
export function appendSamples(kept: readonly Sample[], come: readonly Sample[], from: number): Sample[] {
  const last = kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  return [...kept, ...come.filter((sample) => sample.at > last)].filter((sample) => sample.at >= from)
}

export const processorSeries = (columns: Columns): ChartSeries =>
  seriesOf(columns, [{ label: 'busy', measure: named(columns, 'processor.busyRatio') }])

export function memorySeries(columns: Columns): ChartSeries {
  const swap = named(columns, 'swap.usedRatio')
  return seriesOf(columns, [
    { label: 'used', measure: named(columns, 'memory.usedRatio') },
    ...(swap ? [{ label: 'swap', measure: swap }] : []),
  ])
}

/** The fullest disks of those that are still there. */
export function diskSeries(columns: Columns): ChartSeries {
  const present = ofKind(columns, 'disk.usedRatio').filter(({ measure }) => newest(measure) !== null)
  return seriesOf(columns, present.toSorted((a, b) => (newest(b.measure) ?? 0) - (newest(a.measure) ?? 0)).slice(0, MAX_LINES))
}

/** The busiest interfaces, received and sent each. */
export function networkSeries(columns: Columns): ChartSeries {
  const interfaces = ofKind(columns, 'network.receivedBytesPerSecond').map(({ label, measure }) => {
    const sent = named(columns, `network.sentBytesPerSecond ${label}`)
    return { label, received: measure, sent, traffic: total(measure) + total(sent) }
  })
  const busiest = interfaces.toSorted((a, b) => b.traffic - a.traffic).slice(0, MAX_LINES / 2)
  return seriesOf(
    columns,
    busiest.flatMap(({ label, received, sent }) => [
      { label: `${label} in`, measure: received },
      { label: `${label} out`, measure: sent },
    ]),
  )
}

const named = ({ measures }: Columns, name: string): Measure | undefined => measures.find((measure) => measure.name === name)

/** Measures that there is one of for each disk or network, labelled with which. */
const ofKind = ({ measures }: Columns, kind: string): { label: string; measure: Measure }[] =>
  measures.filter(({ name }) => name.startsWith(`${kind} `)).map((measure) => ({ label: measure.name.slice(kind.length + 1), measure }))

const newest = (measure: Measure): number | null => measure.mean.at(-1) ?? null
const total = (measure: Measure | undefined): number => (measure?.mean ?? []).reduce<number>((sum, value) => sum + (value ?? 0), 0)

interface Line {
  label: string
  measure: Measure | undefined
}

/** Where samples are missing the lines break, rather than claim that nothing happened in between. */
function seriesOf(columns: Columns, lines: Line[]): ChartSeries {
  const spots = withBreaks(columns)
  const spread = (column: Values | undefined): Values => spots.map(({ index }) => (index === null ? null : (column?.[index] ?? null)))
  return {
    at: spots.map((spot) => spot.at / 1_000),
    lines: lines.map(({ label, measure }) => ({
      label,
      values: spread(measure?.mean),
      ...(measure?.band && { band: { min: spread(measure.band.min), max: spread(measure.band.max) } }),
    })),
  }
}

/** A spot without an index is a break. */
function withBreaks({ at, reachMs }: Columns): { at: number; index: number | null }[] {
  return at.flatMap((instant, index) => {
    const before = at[index - 1]
    const isBreak = before !== undefined && instant - before > reachMs
    return isBreak
      ? [
          { at: before + reachMs / 4, index: null },
          { at: instant, index },
        ]
      : [{ at: instant, index }]
  })
}
