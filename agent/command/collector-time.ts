import { closeSync, fdatasyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { days, seconds, type Time } from '#shared/domain/time.ts'

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

/** One word about the year 2100 would make every later order an expired one, for ever. */
const farthestAheadMs = days(1)
/** This was not written before: whatever clock stands there lost its battery. */
const oldestClock = Date.UTC(2026, 0)

/** @param register of operators; undefined where there is none, and the collector is believed in everything. */
export function openCollectorTime(file: string, time: Time, log: Logger, register: () => { issuedAt: number } | undefined): CollectorTime {
  let base = readBase(file)
  let notedAt = time.monotonic()
  let persisted = base
  /** A clock that stands before what an authority signed is evidently wrong, and says nothing against the collector's. */
  const isBelievable = (now: number): boolean => {
    if (now <= time.now() + farthestAheadMs) return true
    const issuedAt = register()?.issuedAt
    return issuedAt === undefined || time.now() < Math.max(issuedAt, oldestClock)
  }
  const latest = (): number => (base === 0 ? 0 : base + time.monotonic() - notedAt)

  return {
    latest,
    note: (now) => {
      if (now <= latest() || !isBelievable(now)) return
      base = now
      notedAt = time.monotonic()
      if (base - persisted >= persistEveryMs && persist(file, base, log)) persisted = base
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

/** The old time or the new one, never half of one, which would be an earlier one. False when the disk refused. */
function persist(file: string, base: number, log: Logger): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeWhole(`${file}.new`, String(Math.floor(base)))
    renameSync(`${file}.new`, file)
    return true
  } catch (error) {
    log.warn({ reason: sentenceOf(error) }, 'the collector’s time could not be kept for a restart')
    return false
  }
}

function writeWhole(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600)
  try {
    writeFileSync(descriptor, text)
    fdatasyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
