import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { hours, minutes, type Time } from '#shared/domain/time.ts'
import type { Happening } from '../signal/signal.ts'
import type { Opened } from './backups.ts'

/** A new snapshot is tried within the hour, and one that can't be is tried again; what differs is said once a look. */
const firstAfterMs = minutes(10)
const everyMs = hours(1)

export interface VerifyingParts {
  open(): Opened
  time: Time
  log: Logger
  happened(event: Happening): Promise<void>
}

/** @returns its stop, which waits for nothing: a look that runs ends by itself, in a folder that the next one doesn't use. */
export function startVerifying(parts: VerifyingParts): () => void {
  const { time, log } = parts
  const failed = (error: unknown): void => log.warn({ reason: sentenceOf(error) }, 'the backup of this machine could not be tried')
  const stop = recur({ time, everyMs, firstAfterMs, round: () => verifyOnce(parts), failed })
  return () => void stop()
}

export async function verifyOnce({ open, time, log, happened }: VerifyingParts): Promise<void> {
  const opened = open()
  if (opened.kind === 'none') return
  const done = await opened.backups.verifyNext(time.now())
  if (!done) return
  log.info(done, 'a snapshot of the backup was tried')
  if (done.outcome === 'verified') return
  await happened({
    kind: 'health.backup.differs',
    severity: 'high',
    fingerprint: 'backup.differs',
    about: done.snapshot,
    summary: `The newest backup can’t be relied on: ${done.detail}`.slice(0, 500),
    facts: { snapshot: done.snapshot, detail: done.detail },
    detector: 'backup',
  })
}
