import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { days, hours, type Time } from '#shared/domain/time.ts'
import { endOldBulks, endOldCommands, endOldResults, endOldStanding } from '../command/retention.ts'
import { endOldVersions } from '../policy/policy.ts'
import type { Store, Tx } from '../store/store.ts'

const everyMs = hours(6)
/** Of a round; what there is more of ends the next time. */
const maxBites = 20

/** Ends commands, orders and texts of policies that are over for long. @returns its stop, which waits for the bite that is under way. */
export function endOldOrders({ store, time, log }: { store: Store; time: Time; log: Logger }): () => Promise<void> {
  const stopping = new AbortController()
  const end = recur({
    ...{ time, everyMs },
    round: async () => {
      const ended = await endOld(store, time.now(), stopping.signal)
      if (ended > 0) log.info({ ended }, 'commands, orders and policies of long ago have ended')
    },
    failed: (error) => log.error({ reason: sentenceOf(error) }, 'orders of long ago could not end; it is tried again'),
  })
  return async () => {
    stopping.abort()
    await end()
  }
}

export async function endOld({ db }: Pick<Store, 'db'>, now: number, stop: AbortSignal): Promise<number> {
  let count = 0
  const repeat = async (endSome: (tx: Tx) => Promise<number>): Promise<void> => {
    for (let bites = 0; bites < maxBites && !stop.aborted; bites += 1) {
      const ended = await db.transaction().execute(endSome)
      count += ended
      if (ended === 0) break
    }
  }
  for (const { daysKept } of await db.selectFrom('organisations').select('kept_days as daysKept').distinct().execute())
    for (const endSome of [endOldBulks, endOldStanding, endOldCommands, endOldResults])
      await repeat((tx) => endSome(tx, { daysKept, before: now - days(daysKept) }))
  await repeat((tx) => endOldVersions(tx, now))
  return count
}
