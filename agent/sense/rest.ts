import { hours, type Time } from '#shared/domain/time.ts'
import type { JsonFile } from '../json-file.ts'
import type { DurableSpool } from '../spool/spool.ts'
import type { AboutRest } from './define-detector.ts'

export interface RestNeeds {
  /** Where the instants of the latest starts are kept. */
  starts: JsonFile
  spool: Pick<DurableSpool, 'last' | 'acknowledged'>
  isCutOff(): boolean
  memoryBytes(): number
  backupVerified: NonNullable<AboutRest['backupVerified']>
  time: Time
}

export interface Rest extends AboutRest {
  /** The collector said its time. */
  noteCollectorTime(now: number): void
}

/** What the rest of the agent is like, for its own health; counts this start. */
export function openRest({ starts, spool, isCutOff, memoryBytes, backupVerified, time }: RestNeeds): Rest {
  let behindMs: number | undefined
  let latest: number[] = [time.now()]
  void countStart(starts, time.now()).then(
    (counted) => {
      latest = counted
    },
    // How often it was started is a comfort; the disk's trouble is said by who needs the disk.
    () => undefined,
  )
  return {
    noteCollectorTime: (now) => {
      behindMs = now - time.now()
    },
    clockBehindMs: () => behindMs,
    waiting: () => (['security', 'signals'] as const).reduce((sum, lane) => sum + spool.last(lane) - spool.acknowledged(lane), 0),
    starts: () => latest,
    memoryBytes,
    isCutOff,
    backupVerified,
  }
}

async function countStart(file: JsonFile, now: number): Promise<number[]> {
  const found = await file.read()
  const earlier = found.kind === 'value' && Array.isArray(found.value) ? found.value.filter((at) => typeof at === 'number') : []
  const counted = [...earlier.filter((at) => at > now - hours(1)), now].slice(-100)
  await file.write(counted)
  return counted
}
