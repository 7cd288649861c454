import { seconds } from '#shared/domain/time.ts'
import { cpuMs, rssMiB } from '../bench/ingest/process-figures.ts'
import type { Swarm } from './swarm.ts'

const everyMs = seconds(5)

/** A line every five seconds. @returns its stop. */
export function startProgress(swarm: Swarm, collectorPid: number | undefined, say = (line: string) => console.log(line)): () => void {
  const startedAt = performance.now()
  const processes = [{ name: 'swarm', pid: process.pid }, ...(collectorPid === undefined ? [] : [{ name: 'collector', pid: collectorPid }])]
  const read = () => ({ at: performance.now(), frames: swarm.frames(), cpu: processes.map(({ pid }) => cpuMs(pid)) })
  let last = read()
  const timer = setInterval(() => {
    const now = read()
    const elapsedMs = now.at - last.at
    const used = processes.map(({ name, pid }, index) => {
      const share = ((now.cpu[index] ?? 0) - (last.cpu[index] ?? 0)) / elapsedMs
      return `${name} ${(100 * share).toFixed(0)} % CPU ${rssMiB(pid).toFixed(0)} MiB`
    })
    const framesPerSecond = ((now.frames - last.frames) / elapsedMs) * seconds(1)
    const agents = `${swarm.connected()} of ${swarm.size} connected`
    const flow = `${framesPerSecond.toFixed(0)} frames/s, ${swarm.unacknowledged()} unacknowledged`
    say(`${((now.at - startedAt) / seconds(1)).toFixed(0).padStart(4)} s  ${[agents, flow, ...used].join(', ')}`)
    last = now
  }, everyMs)
  return () => clearInterval(timer)
}
