import type { Kysely } from 'kysely'
import { days } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'

/** People write ticket numbers into mails and on paper, so none is ever given to a second ticket: not after a restore either. */
export async function nextTicketNumber(from: Kysely<Database>): Promise<number> {
  const { last, first } = await from
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('tickets')
        .select(({ fn }) => fn.max('number').as('number'))
        .as('last'),
      selectFrom('restores')
        .select(({ fn }) => fn.max('first_ticket_number').as('number'))
        .as('first'),
    ])
    .executeTakeFirstOrThrow()
  return Math.max((last ?? 0) + 1, first ?? 0)
}

const lookedBackMs = days(30)
/** A round number is seen to be one from which counting began anew. */
const roundTo = 1_000
/** What was given out since the backup is forgotten, so it is taken to be so many times what was usual. */
const margin = 10

/** From where numbers go on in a database that is of `madeAt`. */
export async function firstNumberAfter(from: Kysely<Database>, madeAt: number, now: number): Promise<number> {
  const { lately } = await from
    .selectFrom('tickets')
    .select(({ fn }) => fn.countAll<number>().as('lately'))
    .where('opened_at', '>', madeAt - lookedBackMs)
    .executeTakeFirstOrThrow()
  const forgotten = ((lately * Math.max(0, now - madeAt)) / lookedBackMs) * margin
  return Math.ceil(((await nextTicketNumber(from)) + Math.max(roundTo, forgotten)) / roundTo) * roundTo
}
