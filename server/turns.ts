import type { Kysely } from 'kysely'
import type { Database } from './store/schema.ts'
import type { Tx } from './store/store.ts'

/**
 * One change to tickets at a time, each in a transaction of its own: signals, timers and people take turns, so nobody
 * decides on what somebody else is about to change, on any database. Work inside a turn uses its transaction only.
 */
export type Turns = <Result>(work: (tx: Tx) => Promise<Result>) => Promise<Result>

export function createTurns(db: Kysely<Database>): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(() => db.transaction().execute(work))
    last = mine.catch(() => undefined)
    return mine
  }
}
