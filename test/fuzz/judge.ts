import type { FuzzFigures } from './fuzz.ts'

/** The agents' share of memory that backpressure allows. */
const maxHeldMiB = 128
/** Where there is room, the garbage of parsing may wait; this is where it ends, however many frames come. */
const maxGrowthMiB = 768
const maxRatioP99 = 2
/** Below this nobody is held up: two cores and a shared disk jitter by as much. */
const unnoticedMs = 25

/** What a run shows against the collector: nothing, if all is well. */
export function objections({
  ratioP99,
  besideP99,
  quietP99,
  rssBeforeMiB,
  rssPeakMiB,
  rssHeldMiB,
  refused,
  records,
}: FuzzFigures): string[] {
  const found: string[] = []
  if (ratioP99 > maxRatioP99 && besideP99 > unnoticedMs)
    found.push(`honest agents waited ${besideP99} ms (p99) beside the hostile ones, ${quietP99} ms without them`)
  if (rssHeldMiB - rssBeforeMiB > maxHeldMiB) found.push(`the collector held ${rssHeldMiB} MiB afterwards, ${rssBeforeMiB} before`)
  if (rssPeakMiB - rssBeforeMiB > maxGrowthMiB) found.push(`the collector grew from ${rssBeforeMiB} to ${rssPeakMiB} MiB`)
  if (refused < records / 2) found.push(`only ${refused} of ${records} mutated records were refused: the mutation is too tame`)
  return found
}
