import { hours, type Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { enqueue, loadReceivers, type Notice } from '../notify/notify.ts'
import { stopOrganisations } from '../people/directory.ts'
import type { Store } from '../store/store.ts'
import type { Person } from './desk.ts'

/** The stop button: for four hours nothing of an organisation, or of the whole fleet, is isolated without a person. */
export interface Stop {
  /** @param organisationId null: the fleet. @returns until when. */
  press(organisationId: string | null, by: Person): Promise<number>
}

/** Long enough to find out what goes wrong, short enough not to be forgotten (defaults §7). */
export const stopMs = hours(4)

export interface StopOptions {
  store: Store
  time: Time
  timers: { replan(dueAt: number): void }
  outbox: { nudge(): void }
}

export function createStop({ store, time, timers, outbox }: StopOptions): Stop {
  const { putRows } = store.capabilities
  return {
    async press(organisationId, by) {
      const now = time.now()
      const until = now + stopMs
      await store.db.transaction().execute(async (tx) => {
        const stopped = await stopOrganisations(tx, organisationId, until, by.id)
        for (const id of stopped) {
          const payload = JSON.stringify({ organisationId: id })
          await planOwn(tx, putRows, { id: `stop-over-${id}-${until}`, kind: 'stop-over', dueAt: until, payload }, now)
        }
        const why = `${by.name} pressed the stop button: nothing is isolated without a person for four hours.`
        const notices = stopped.map((id) => notice(id, 'containment.stopped', why))
        await enqueue(tx, putRows, notices, await loadReceivers(tx), now)
        await by.record?.(tx)
      })
      timers.replan(until)
      outbox.nudge()
      return until
    },
  }
}

/** Its timer is due: the matrix decides again. */
export function stopOver(payload: string): Notice {
  const { organisationId } = JSON.parse(payload) as { organisationId: string }
  return notice(organisationId, 'containment.resumed', 'The stop is over: machines are isolated again as the matrix says.')
}

const notice = (organisationId: string, event: string, why: string): Notice => ({ event, organisationId, ticketId: null, body: { why } })
