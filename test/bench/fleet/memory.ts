import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '#shared/domain/time.ts'
import { pause } from '../../swarm/swarm.ts'
import { rssMiB } from '../ingest/process-figures.ts'

export const memoryFile = (pid: number): string => join(tmpdir(), `tierline-memory-${pid}.json`)

/** What makes a process answer `memoryOf`. */
export const probeArgs = ['--expose-gc', '--import', join(import.meta.dirname, 'memory-probe.ts')]

export interface Memory {
  rssKiB: number
  heapKiB: number
}

const withinMs = seconds(30)
const settleMs = seconds(1)

/** What a process holds once it has let go of what it doesn't need. */
export async function memoryOf(pid: number): Promise<Memory> {
  const file = memoryFile(pid)
  rmSync(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  const endAt = performance.now() + withinMs
  while (!existsSync(file)) {
    if (performance.now() > endAt) throw new Error(`process ${pid} did not say what it holds`)
    await pause(100)
  }
  await pause(settleMs)
  const { heapUsed } = JSON.parse(readFileSync(file, 'utf8')) as NodeJS.MemoryUsage
  rmSync(file)
  return { rssKiB: rssMiB(pid) * 1_024, heapKiB: heapUsed / 1_024 }
}
