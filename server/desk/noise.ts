import type { Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { raiseAllWithin } from '../ingest/handled.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadTickets } from '../pipeline/load.ts'
import { heldOver } from '../pipeline/suppression.ts'
import type { Store } from '../store/store.ts'
import { endException, keepException, type NewException, whyNotNoise } from '../suppress/exceptions.ts'
import { arm } from '../suppress/false-alarms.ts'

/** What people say of noise beside the tickets that they end. */
export interface Noise {
  /** Of a ticket that has ended. @returns why not; undefined: it is excepted. */
  except(ticketId: string, exception: NewException, personId: string): Promise<string | undefined>
  /** @returns false: it had ended. */
  end(exceptionId: string, personId: string): Promise<boolean>
  /** @returns false: it is armed. */
  arm(disarmedId: string, personId: string): Promise<boolean>
  whyNot: (ticket: Parameters<typeof whyNotNoise>[0], exception: Parameters<typeof whyNotNoise>[1]) => string | undefined
}

export interface NoiseOptions {
  store: Store
  time: Time
  rules: Pick<Rules, 'matrix'>
  pipeline: { nudge(isUrgent: boolean): void }
  timers: { replan(dueAt: number): void }
}

export function createNoise({ store, time, rules, pipeline, timers }: NoiseOptions): Noise {
  return {
    whyNot: (ticket, exception) => whyNotNoise(ticket, exception, rules.matrix, time.now()),
    except: (ticketId, exception, personId) =>
      store.db.transaction().execute(async (tx) => {
        const [ticket] = await loadTickets(tx, [ticketId])
        const refusal = ticket ? whyNotNoise(ticket, exception, rules.matrix, time.now()) : 'There is no such ticket any more.'
        if (ticket && refusal === undefined) await keepException(tx, ticket, exception, personId, rules.matrix, time.now())
        return refusal
      }),
    async end(id, personId) {
      const now = time.now()
      const hasEnded = await store.db.transaction().execute(async (tx) => {
        const ended = await endException(tx, id, personId, now)
        if (ended) await planOwn(tx, store.capabilities.putRows, heldOver(now), now)
        return ended
      })
      if (hasEnded) timers.replan(now)
      return hasEnded
    },
    async arm(id, personId) {
      const now = time.now()
      const said = await store.db.transaction().execute(async (tx) => {
        const troubles = await arm(tx, id, personId, rules.matrix, now)
        if (troubles) await raiseAllWithin(tx, store.capabilities, troubles, now)
        return troubles
      })
      if (said) pipeline.nudge(false)
      return said !== undefined
    },
  }
}
