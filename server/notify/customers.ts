import type { Insertable } from 'kysely'
import type { Entry, PutRows, TicketCase } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { ReceiversTable } from '../store/tables/notify.ts'
import { bodyOf, type Look, rowOf } from './notify.ts'

/*
 * Enters: what a transaction wrote on a ticket that somebody of a customer asked for. Leaves: at most one word to them, in
 * the same transaction, by mail: received, somebody has it, it moved and why, we wait for you, how it stands, solved, open again.
 * Promises: nothing of what only staff may read; nobody but the requester; nothing while their organisation observes.
 * Meets: a desk that says "we're looking into it": each word names who, in which tier, the next step and until when.
 */

/** What is said of one transaction, the first that fits: the rest of it is in how the ticket stands. */
const sayings: readonly { event: string; fits(entry: Entry): boolean }[] = [
  { event: 'request.resolved', fits: ({ kind }) => kind === 'resolved' },
  { event: 'request.received', fits: ({ kind }) => kind === 'opened' },
  { event: 'request.reopened', fits: ({ kind }) => kind === 'reopened' },
  { event: 'request.waiting', fits: ({ kind, body }) => kind === 'waiting' && body.for === 'customer' },
  { event: 'request.reminded', fits: ({ kind, body }) => kind === 'reminded' && body.what === 'customer' },
  { event: 'request.moved', fits: ({ kind }) => kind === 'escalated' },
  { event: 'request.taken', fits: ({ kind, body }) => (kind === 'acknowledged' && body.wasTheirs !== true) || kind === 'assigned' },
  { event: 'request.queued', fits: ({ kind }) => kind === 'put-back' },
  { event: 'request.stands', fits: ({ kind, body }) => kind === 'reminded' && body.what === 'word' },
]

export interface Word {
  event: string
  work: TicketCase
  body: Record<string, unknown>
}

/** Whether they hear anything of it: they have an address, and nobody there is told while their organisation observes. */
export const canHear = ({ requester, organisation }: TicketCase['subject']): boolean =>
  requester?.mail.includes('@') === true && organisation.mode === 'live'

/** Whether this transaction tells them something. */
export const hears = ({ entries }: TicketCase): boolean => sayings.some(({ fits }) => entries.some(fits))

/** What the requester hears of this transaction (pure). */
export function wordFor(work: TicketCase, look: () => Look): Word | undefined {
  const { requester, organisation } = work.subject
  if (!requester || !canHear(work.subject)) return undefined
  for (const { event, fits } of sayings) {
    const entry = work.entries.findLast(fits)
    if (!entry) continue
    const about = { language: requester.language ?? organisation.language, timeZone: requester.timeZone, to: requester.name }
    return { event, work, body: { ...bodyOf(work, look(), publicOf(entry)), ...about } }
  }
  return undefined
}

/** Of a hop only why it moved and between which tiers; what was tried there is the desk's own. */
const publicOf = ({ body: { packet, tried, hypothesis, ...body }, ...entry }: Entry): Entry => ({ ...entry, body })

/** @returns how many wait to be delivered. */
export async function enqueueWords(tx: Tx, putRows: PutRows, words: readonly Word[], now: number): Promise<number> {
  if (words.length === 0) return 0
  await putRows(
    tx,
    'receivers',
    words.flatMap(({ work }) => receiverOf(work, now)),
    'ignore',
  )
  const rows = words.map(({ event, work: { ticket, subject }, body }) =>
    rowOf({ event, organisationId: subject.organisation.id, ticketId: ticket.id }, JSON.stringify(body), subject.requester?.id ?? '', now),
  )
  await putRows(tx, 'outbox', rows, 'ignore')
  return rows.length
}

/** A requester is reached by the address that they are known by. */
function receiverOf({ subject: { requester, organisation } }: TicketCase, now: number): Insertable<ReceiversTable>[] {
  if (!requester) return []
  const { id, name, mail } = requester
  const row = { id, name, notifier: 'email', settings: JSON.stringify({ to: mail }), organisation_id: organisation.id }
  return [{ ...row, audience: 'requester', person_id: null, rank: null, team: null, address: mail, created_at: now, disabled_at: null }]
}
