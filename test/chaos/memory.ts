import { readFileSync } from 'node:fs'
import type { Side } from './side.ts'

const everyMs = 1_000

/** The most resident memory that each process had, in MiB, over all its lives. */
export interface MemoryWatch {
  most: ReadonlyMap<string, number>
  stop(): void
}

export function watchMemory(sides: readonly Side[]): MemoryWatch {
  const most = new Map<string, number>()
  const timer = setInterval(() => {
    for (const side of sides) most.set(side.name, Math.max(most.get(side.name) ?? 0, residentMiB(side.pid)))
  }, everyMs)
  return { most, stop: () => clearInterval(timer) }
}

/** 0 where there is no /proc, or no such process any more. */
function residentMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024)
  } catch {
    return 0
  }
}
