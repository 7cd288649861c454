import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/**
 * One change to tickets at a time, each in a transaction of its own: signals, timers and people take turns, so nobody
 * decides on what somebody else is about to change, on any database. Work inside a turn uses its transaction only.
 */
export interface Turns {
  <Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /**
   * The same turn in two steps: `prepare` reads and decides while others may still commit what is not about tickets, then
   * `keep` writes all of it in one short transaction.
   */
  prepared<Prepared, Result>(prepare: () => Promise<Prepared>, keep: (tx: Tx, prepared: Prepared) => Promise<Result>): Promise<Result>
}

export function createTurns(db: Kysely<Database>): Turns {
  let last: Promise<unknown> = Promise.resolve()
  const next = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  const turns = <Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> => next(() => db.transaction().execute(work))
  return Object.assign(turns, {
    prepared: <Prepared, Result>(prepare: () => Promise<Prepared>, keep: (tx: Tx, prepared: Prepared) => Promise<Result>) =>
      next(async () => {
        const prepared = await prepare()
        return db.transaction().execute((tx) => keep(tx, prepared))
      }),
  })
}
