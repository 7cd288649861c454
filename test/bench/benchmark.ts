import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A benchmark: one file in this folder, which exports this as its default. Its name is the file's. */
export interface Benchmark {
  /** One sentence: what is measured, against what. */
  says: string
  /** Prints what is worth reading on the way; resolves with the figures. `isQuick`: smaller, to see that it runs. */
  run(how: { isQuick: boolean }): Promise<Figures>
}

/** The yardstick is measured in the same run, on the same machine: only the ratio travels. */
export interface Figures {
  figure: number
  unit: string
  yardstick: number
  ratio: number
  /** Milliseconds, where it is a latency. */
  p50?: number
  p99?: number
  /** Others under names of their own, such as rssMiB and cpuMsPerMinute. */
  [other: string]: number | string | undefined
}

/** The value below which `share` (0…1) of `values` lie: nearest rank; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))

/** One small write and its fdatasync, as a spool or a journal does it, in ms; median of 200. */
export function fsyncP50(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-fsync-'))
  const file = openSync(join(folder, 'yardstick'), 'a')
  try {
    const took = Array.from({ length: 200 }, () => {
      const startedAt = performance.now()
      writeSync(file, Buffer.alloc(1_000, 'x'))
      fdatasyncSync(file)
      return performance.now() - startedAt
    })
    return rounded(percentile(took, 0.5), 3)
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}
