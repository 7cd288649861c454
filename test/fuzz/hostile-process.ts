import { once } from 'node:events'
import { setPriority } from 'node:os'
import type { Pass } from '../bench/ingest/load.ts'
import { Hostile, type HostileCounts } from './hostile.ts'

/** What this process is told, once, by the one that forked it; it answers with its counts every second and at its end. */
export interface HostileOrder {
  passes: Pass[]
  seed: number
  framesEach: number
}

/** In the field the hostile are on machines of their own: what making their frames costs must not be taken from the honest. */
const niceness = 15
setPriority(niceness)

const [{ passes, seed, framesEach }] = (await once(process, 'message')) as [HostileOrder]
const hostile = passes.map((pass, index) => new Hostile(pass, seed + index))
const say = (): void => void process.send?.(sum(hostile.map(({ counts }) => counts)))
const ticker = setInterval(say, 1_000)
await Promise.all(hostile.map((one) => one.send(framesEach)))
clearInterval(ticker)
say()
process.disconnect?.()

function sum(all: HostileCounts[]): HostileCounts {
  const total = { frames: 0, records: 0, refused: 0, sessionsEnded: 0 }
  for (const counts of all) for (const name of Object.keys(total) as (keyof HostileCounts)[]) total[name] += counts[name]
  return total
}
