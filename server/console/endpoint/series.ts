import type { Sample } from '#shared/domain/sample.ts'

/** Lines of one chart: instants in seconds, and per line a value for each of them. */
export interface ChartSeries {
  at: number[]
  lines: { label: string; values: (number | null)[] }[]
}

// More lines than colours say nothing.
const MAX_LINES = 6

/** What was kept and what has come, once each, without what is older than `from`. Both oldest first. */
export function appendSamples(kept: readonly Sample[], come: readonly Sample[], from: number): Sample[] {
  const last = kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  return [...kept, ...come.filter((sample) => sample.at > last)].filter((sample) => sample.at >= from)
}

export const processorSeries = (samples: readonly Sample[]): ChartSeries =>
  seriesOf(samples, [{ label: 'busy', value: (sample) => sample.processor.busyRatio }])

export function memorySeries(samples: readonly Sample[]): ChartSeries {
  const hasSwap = samples.some((sample) => sample.memory.swapTotalBytes > 0)
  const swap = { label: 'swap', value: ({ memory }: Sample) => ratioOf(memory.swapUsedBytes, memory.swapTotalBytes) }
  return seriesOf(samples, [
    { label: 'used', value: ({ memory }) => ratioOf(memory.totalBytes - memory.availableBytes, memory.totalBytes) },
    ...(hasSwap ? [swap] : []),
  ])
}

/** The fullest disks. */
export function diskSeries(samples: readonly Sample[]): ChartSeries {
  const newest = samples.at(-1)?.disks ?? []
  const mounts = newest.toSorted((a, b) => b.usedRatio - a.usedRatio).slice(0, MAX_LINES)
  return seriesOf(
    samples,
    mounts.map(({ mount }) => ({ label: mount, value: (sample) => sample.disks.find((disk) => disk.mount === mount)?.usedRatio ?? null })),
  )
}

/** The busiest interfaces, received and sent each. */
export function networkSeries(samples: readonly Sample[]): ChartSeries {
  const traffic = new Map<string, number>()
  for (const { networks } of samples) {
    for (const one of networks) traffic.set(one.name, (traffic.get(one.name) ?? 0) + one.receivedBytesPerSecond + one.sentBytesPerSecond)
  }
  const names = [...traffic].toSorted((a, b) => b[1] - a[1]).slice(0, MAX_LINES / 2)
  const of = (sample: Sample, name: string) => sample.networks.find((one) => one.name === name)
  return seriesOf(
    samples,
    names.flatMap(([name]) => [
      { label: `${name} in`, value: (sample: Sample) => of(sample, name)?.receivedBytesPerSecond ?? null },
      { label: `${name} out`, value: (sample: Sample) => of(sample, name)?.sentBytesPerSecond ?? null },
    ]),
  )
}

interface Line {
  label: string
  value(sample: Sample): number | null
}

/** Where samples are missing the lines break, rather than claim that nothing happened in between. */
function seriesOf(samples: readonly Sample[], lines: Line[]): ChartSeries {
  const spots = withBreaks(samples)
  return {
    at: spots.map((spot) => spot.at / 1_000),
    lines: lines.map(({ label, value }) => ({ label, values: spots.map((spot) => (spot.sample ? value(spot.sample) : null)) })),
  }
}

function withBreaks(samples: readonly Sample[]): { at: number; sample?: Sample }[] {
  const steps = samples.slice(1).map((sample, index) => sample.at - (samples[index]?.at ?? sample.at))
  const usualMs = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1]
    const isBreak = before !== undefined && sample.at - before.at > usualMs * 4
    return isBreak ? [{ at: before.at + usualMs }, { at: sample.at, sample }] : [{ at: sample.at, sample }]
  })
}

const ratioOf = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null)
