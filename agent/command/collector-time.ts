import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { seconds, type Time } from '#shared/domain/time.ts'

/**
 * The latest time the collector ever told us, plus what has passed since by the monotonic clock (invariant 11). It never
 * decreases, over restarts either, so setting this machine's clock back makes no expired command run.
 */
export interface CollectorTime {
  note(now: number): void
  /** Epoch ms; 0 when the collector never said anything. */
  latest(): number
}

/** Losing this much in a crash is nothing beside the hours that commands live. */
const persistEveryMs = seconds(10)

export function openCollectorTime(file: string, time: Time): CollectorTime {
  let base = readBase(file)
  let notedAt = time.monotonic()
  let persisted = base
  const latest = (): number => (base === 0 ? 0 : base + time.monotonic() - notedAt)

  return {
    latest,
    note: (now) => {
      if (now <= latest()) return
      base = now
      notedAt = time.monotonic()
      if (base - persisted < persistEveryMs) return
      persist(file, base)
      persisted = base
    },
  }
}

function readBase(file: string): number {
  try {
    const base = Number(readFileSync(file, 'utf8'))
    return Number.isSafeInteger(base) && base > 0 ? base : 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

function persist(file: string, base: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, String(Math.floor(base)), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
