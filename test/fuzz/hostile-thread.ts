import { parentPort, workerData } from 'node:worker_threads'
import type { Pass } from '../bench/ingest/load.ts'
import { Hostile, type HostileCounts } from './hostile.ts'

/** What the thread is started with; it posts its counts every second and at its end. */
export interface HostileOrder {
  passes: Pass[]
  seed: number
  framesEach: number
}

const { passes, seed, framesEach } = workerData as HostileOrder
const hostile = passes.map((pass, index) => new Hostile(pass, seed + index))
const post = (): void => parentPort?.postMessage(sum(hostile.map(({ counts }) => counts)))
const ticker = setInterval(post, 1_000)
await Promise.all(hostile.map((one) => one.send(framesEach)))
clearInterval(ticker)
post()

function sum(all: HostileCounts[]): HostileCounts {
  const total = { frames: 0, records: 0, refused: 0, sessionsEnded: 0 }
  for (const counts of all) for (const name of Object.keys(total) as (keyof HostileCounts)[]) total[name] += counts[name]
  return total
}
