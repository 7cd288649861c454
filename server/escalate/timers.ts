import type { Kysely } from 'kysely'
import { type Cancel, minutes, type Time } from '#shared/domain/time.ts'
import type { CreateLoop } from '../pipeline/loop.ts'
import type { Database } from '../store/schema.ts'

/** Wakes when the earliest timer in the database is due, also those that came due while the collector was down. */
export interface Timers {
  /** A timer was planned for `dueAt`; without it, look again. */
  replan(dueAt?: number): void
  /** Everything that is due now has fired. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface TimersOptions {
  db: Kysely<Database>
  time: Time
  loops: CreateLoop
  /** Fires a group of what is due: effect and mark in one transaction. Returns how many there were. */
  fire(due: { id: string }[]): Promise<number>
}

/** A group whose effects fit one short transaction. */
const maxGroup = 500
/** The wall clock may jump, and a timeout of the runtime holds 24 days at most: looked at again at least this often. */
const longestSleepMs = minutes(1)

export function createTimers({ db, time, loops, fire }: TimersOptions): Timers {
  let wakesAt = Number.POSITIVE_INFINITY
  let isStopped = false
  let cancelWake: Cancel = () => undefined

  const wakeAt = (dueAt: number): void => {
    cancelWake()
    const now = time.now()
    wakesAt = Math.min(dueAt, now + longestSleepMs)
    if (!isStopped) cancelWake = time.after(Math.max(0, wakesAt - now), () => loop.nudge())
  }
  const open = () => db.selectFrom('timers').where('fired_at', 'is', null).where('cancelled_at', 'is', null)

  const round = async (): Promise<boolean> => {
    const due = await open().select('id').where('due_at', '<=', time.now()).orderBy('due_at').orderBy('id').limit(maxGroup).execute()
    if (due.length > 0) return (await fire(due)) > 0
    const next = await open().select('due_at').orderBy('due_at').limit(1).executeTakeFirst()
    wakeAt(next?.due_at ?? Number.POSITIVE_INFINITY)
    return false
  }
  const loop = loops('timers', round)

  return {
    replan(dueAt) {
      if (dueAt === undefined) loop.nudge()
      else if (dueAt < wakesAt) wakeAt(dueAt)
    },
    idle: () => loop.idle(),
    async stop() {
      isStopped = true
      cancelWake()
      await loop.stop()
    },
  }
}
