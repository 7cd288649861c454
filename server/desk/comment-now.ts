import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Desk, DeskOutcome, Person } from './desk.ts'

/** Whoever works on the ticket may change it at the same moment; a comment fits what it became as well. */
const maxTries = 5

/** A comment of somebody who doesn't look at the ticket while writing, so it fits whatever version it has. */
export async function commentNow(
  { db, desk }: { db: Kysely<Database>; desk: Pick<Desk, 'comment'> },
  comment: { ticketId: string; person: Person; text: string },
): Promise<DeskOutcome> {
  let outcome: DeskOutcome = { kind: 'missing' }
  for (let tries = 0; tries < maxTries; tries += 1) {
    const ticket = await db.selectFrom('tickets').select('version').where('id', '=', comment.ticketId).executeTakeFirst()
    outcome = ticket ? await desk.comment({ ...comment, version: ticket.version }) : { kind: 'missing' }
    if (outcome.kind !== 'stale') break
  }
  return outcome
}
