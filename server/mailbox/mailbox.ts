import type { Kysely } from 'kysely'
import { hours } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { ReadMail } from './read-mail.ts'

/*
 * Enters: mails that came into the desk's mailbox. Leaves: each on its ticket, held for a person, or dropped; kept once,
 * by its Message-ID, before its mailbox is told that it was read.
 * Promises: an answer reaches its ticket by the token that we gave its sender; what no person wrote starts no conversation.
 * On failure: it stays unread and is read again. What its ticket has is kept in one transaction with that, so a crash says nothing twice.
 * Meets: mails made so that nobody can read them, somebody who writes in another's name, two programs that answer each other, a mailbox full of strangers.
 */

export type Verdict =
  | { kind: 'take'; ticketId: string; person: { id: string; name: string; isStaff: boolean } }
  /** A request of somebody of a customer. */
  | { kind: 'open'; organisationId: string; requester: { name: string; mail: string } }
  | { kind: 'hold'; reason: string; ticketId: string | null }
  | { kind: 'drop'; reason: string }

/** What is known of a mail's ticket and sender. */
export interface Known {
  /** By the token; undefined: there is none of ours in it. */
  ticket: { id: string; organisationId: string } | undefined
  sender: { id: string; name: string; organisationId: string | null } | undefined
  /** A token stood in it, whatever it was good for. */
  isAnswer: boolean
  /** How many came from them within the hour. */
  count: number
}

/** More in an hour is a program, whatever it says of itself. */
const maxAnHour = 20

/** What becomes of a mail (pure). */
export function judge(mail: ReadMail, { ticket, sender, isAnswer, count }: Known): Verdict {
  if (mail.automatic !== undefined) return { kind: 'drop', reason: mail.automatic }
  const ticketId = ticket?.id ?? null
  const hold = (reason: string): Verdict => ({ kind: 'hold', reason, ticketId })
  if (mail.unreadable !== undefined) return hold(`it can’t be read, look for it in the mailbox itself: ${mail.unreadable}`)
  if (count >= maxAnHour) return hold('too many came from this address within an hour')
  if (mail.isForged) return hold('our mail server doubts that its sender wrote it')
  if (!sender) return hold('nobody knows its sender')
  if (!ticket && !isAnswer && sender.organisationId !== null && mail.subject + mail.text !== '')
    return { kind: 'open', organisationId: sender.organisationId, requester: { name: sender.name, mail: mail.sender } }
  if (!ticket) return hold('it answers no ticket')
  const isStaff = sender.organisationId === null
  if (!isStaff && sender.organisationId !== ticket.organisationId) return hold('its sender is of another organisation')
  if (mail.text === '') return hold('there is nothing in it')
  return { kind: 'take', ticketId: ticket.id, person: { id: sender.id, name: sender.name, isStaff } }
}

export const isKept = async (db: Kysely<Database>, id: string): Promise<boolean> =>
  (await db.selectFrom('mails').select('id').where('id', '=', id).executeTakeFirst()) !== undefined

/** @returns undefined: it was read before. */
export async function lookUp(
  db: Kysely<Database>,
  mail: ReadMail,
  ticketNumber: number | undefined,
  now: number,
): Promise<Known | undefined> {
  if (await isKept(db, mail.id)) return undefined
  const [ticket, sender, recent] = await Promise.all([
    ticketNumber === undefined
      ? undefined
      : db.selectFrom('tickets').select(['id', 'organisation_id as organisationId']).where('number', '=', ticketNumber).executeTakeFirst(),
    whoIs(db, mail.sender),
    db
      .selectFrom('mails')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('sender', '=', mail.sender)
      .where('received_at', '>', now - hours(1))
      .executeTakeFirst(),
  ])
  return { ticket, sender, isAnswer: mayBeToken.test(mail.threads), count: Number(recent?.count ?? 0) }
}

/** What looks like one of our tokens answers something, if not what it says. */
const mayBeToken = /\[#\d+-[0-9a-f]+\]|<ticket-/

/** Somebody who is reached by this address, signs in with it, or asked for something before. Two with one address are nobody. */
async function whoIs(db: Kysely<Database>, address: string): Promise<Known['sender']> {
  const requesters = await db
    .selectFrom('requesters')
    .select(['id', 'name', 'organisation_id as organisationId'])
    .where('mail', '=', address)
    .limit(2)
    .execute()
  const found = await db
    .selectFrom('people')
    .leftJoin('receivers', 'receivers.person_id', 'people.id')
    .select(['people.id', 'people.name', 'people.organisation_id as organisationId'])
    .distinct()
    .where('people.disabled_at', 'is', null)
    .where(({ eb, and, or }) =>
      or([eb('login', '=', address), and([eb('address', '=', address), eb('receivers.disabled_at', 'is', null)])]),
    )
    .limit(2)
    .execute()
  const [person, ...others] = found
  if (others.length > 0) return undefined
  // Who signs in with the address that they ask from is one person.
  const strangers = requesters.filter(({ organisationId }) => person === undefined || person.organisationId !== organisationId)
  return strangers.length > (person ? 0 : 1) ? undefined : (person ?? strangers[0])
}

/** @param openedId the ticket that was opened with it. Once: whatever was kept before stays. */
export async function keepMail(
  tx: Tx,
  { putRows }: Pick<Store['capabilities'], 'putRows'>,
  { id, sender, subject, text }: ReadMail,
  { verdict, now, openedId = null }: { verdict: Verdict; now: number; openedId?: string | null },
): Promise<void> {
  const status = { take: 'taken', open: 'taken', hold: 'held', drop: 'dropped' } as const
  const reason = 'reason' in verdict ? verdict.reason : ''
  const row = { id, status: status[verdict.kind], reason, sender, subject, text, received_at: now }
  const ticket_id = 'ticketId' in verdict ? verdict.ticketId : openedId
  await putRows(tx, 'mails', [{ ...row, ticket_id }], 'ignore')
}

/** One that waits for a person. */
export const heldMail = (db: Kysely<Database>, id: string) =>
  db.selectFrom('mails').select(['text', 'sender', 'subject']).where('id', '=', id).where('status', '=', 'held').executeTakeFirst()

/** A person put it on a ticket. @returns whether it was waiting. */
export async function takeMail(tx: Tx, id: string, ticketId: string): Promise<boolean> {
  const held = tx.updateTable('mails').set({ status: 'taken', ticket_id: ticketId }).where('id', '=', id).where('status', '=', 'held')
  return (await held.returning('id').execute()).length > 0
}

/** A person put it aside. @returns whether it was waiting. */
export async function dropMail(db: Kysely<Database>, id: string): Promise<boolean> {
  const held = db.updateTable('mails').set({ status: 'dropped' }).where('id', '=', id).where('status', '=', 'held')
  return (await held.returning('id').execute()).length > 0
}

/** @returns how many ended with these tickets; whoever has a mail that a person must read stays. */
export async function endMailsOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx.deleteFrom('mails').where('ticket_id', 'in', ticketIds).executeTakeFirst()
  return Number(ended.numDeletedRows)
}

/** Of no ticket, also where nobody ever looked at them. @returns how many. */
export async function endLooseMails(tx: Tx, before: number, most: number): Promise<number> {
  const old = tx.selectFrom('mails').select('id').where('ticket_id', 'is', null).where('received_at', '<', before)
  const ids = (await old.limit(most).execute()).map(({ id }) => id)
  if (ids.length > 0) await tx.deleteFrom('mails').where('id', 'in', ids).execute()
  return ids.length
}
