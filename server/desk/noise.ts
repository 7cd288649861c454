import type { Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { raiseAllWithin } from '../ingest/handled.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadTickets } from '../pipeline/load.ts'
import { heldOver } from '../pipeline/suppression.ts'
import type { Store } from '../store/store.ts'
import { endException, keepException, type NewException, whyNotNoise } from '../suppress/exceptions.ts'
import { arm } from '../suppress/false-alarms.ts'
import type { Person } from './desk.ts'

/** What people say of noise beside the tickets that they end. */
export interface Noise {
  /** Of a ticket that has ended. @returns why not; undefined: it is excepted. */
  except(ticketId: string, exception: NewException, person: Person): Promise<string | undefined>
  /** @returns false: it had ended. */
  end(exceptionId: string, person: Person): Promise<boolean>
  /** @returns false: it is armed. */
  arm(disarmedId: string, person: Person): Promise<boolean>
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
    except: (ticketId, exception, person) =>
      store.db.transaction().execute(async (tx) => {
        const [ticket] = await loadTickets(tx, [ticketId])
        const refusal = ticket ? whyNotNoise(ticket, exception, rules.matrix, time.now()) : 'There is no such ticket any more.'
        if (!ticket || refusal !== undefined) return refusal
        await keepException(tx, ticket, exception, person.id, rules.matrix, time.now())
        await person.record?.(tx)
        return undefined
      }),
    async end(id, person) {
      const now = time.now()
      const hasEnded = await store.db.transaction().execute(async (tx) => {
        const ended = await endException(tx, id, person.id, now)
        if (!ended) return false
        await planOwn(tx, store.capabilities.putRows, heldOver(now), now)
        await person.record?.(tx)
        return true
      })
      if (hasEnded) timers.replan(now)
      return hasEnded
    },
    async arm(id, person) {
      const now = time.now()
      const said = await store.db.transaction().execute(async (tx) => {
        const troubles = await arm(tx, id, person.id, rules.matrix, now)
        if (!troubles) return undefined
        await raiseAllWithin(tx, store.capabilities, troubles, now)
        await person.record?.(tx)
        return troubles
      })
      if (said) pipeline.nudge(false)
      return said !== undefined
    },
  }
}
