import type { DiskReading, MemoryReading } from '../probe.ts'
import type { DriveEntry, MemoryEntry } from './calls.ts'

/** What Windows has promised beyond its memory stands in the page file; how much of that is really there it tells no program. */
export function memoryOf({ total, available, commitLimit, commitLeft }: MemoryEntry): MemoryReading {
  const swapTotalBytes = Math.max(0, commitLimit - total)
  const beyond = Math.max(0, commitLimit - commitLeft - (total - available))
  return { totalBytes: total, availableBytes: Math.min(total, available), swapTotalBytes, swapUsedBytes: Math.min(swapTotalBytes, beyond) }
}

export const disksOf = (drives: readonly DriveEntry[]): DiskReading[] =>
  drives
    .filter(({ totalBytes, freeBytes }) => totalBytes > 0 && freeBytes <= totalBytes)
    .map(({ name, type, totalBytes, freeBytes }) => {
      const mount = name.replace(/\\$/, '')
      return { mount, device: mount, type, totalBytes, freeBytes, usedRatio: 1 - freeBytes / totalBytes }
    })
