import type { Kysely, Selectable } from 'kysely'
import { hours, minutes } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { OutboxTable, ReceiversTable } from '../store/tables/notify.ts'
import { read } from './said.ts'

/*
 * Whether what is next for a receiver goes out now, alone or with others, or waits: nobody is paged twice in two minutes,
 * and no mailbox gets more than twenty mails an hour. It is decided from what was delivered, so a crash forgets nothing.
 */

export interface Limits {
  /** Nobody is paged again within it; what comes meanwhile is bundled. */
  quietMs: number
  mailsPerHour: number
}

export type Holding =
  | { kind: 'send'; rows: readonly Row[]; how: 'bundle' | 'digest' }
  /** What is next, and what waits for the same reason, until then. */
  | { kind: 'wait'; until: number }

type Row = Selectable<OutboxTable>
type Receiver = Selectable<ReceiversTable>

export const usualLimits: Limits = { quietMs: minutes(2), mailsPerHour: 20 }

export async function hold(db: Kysely<Database>, receiver: Receiver, row: Row, limits: Limits, now: number): Promise<Holding> {
  if (row.pass_on_at !== null) return holdPage(db, receiver, row, limits, now)
  if (receiver.address !== null && read(row).ticket?.priority !== 'P1') return holdMail(db, receiver.address, row, limits, now)
  return { kind: 'send', rows: [row], how: 'bundle' }
}

async function holdPage(db: Kysely<Database>, { id, person_id }: Receiver, row: Row, { quietMs }: Limits, now: number): Promise<Holding> {
  const last = await db
    .selectFrom('outbox')
    .innerJoin('receivers', 'receivers.id', 'outbox.receiver_id')
    .select('delivered_at')
    .where('receivers.person_id', '=', person_id)
    .where('outbox.pass_on_at', 'is not', null)
    .where('delivered_at', '>', now - quietMs)
    .orderBy('delivered_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last?.delivered_at != null) return { kind: 'wait', until: last.delivered_at + quietMs }
  const rows = await waitingFor(db, id).where('pass_on_at', 'is not', null).execute()
  return { kind: 'send', rows: rows.length === 0 ? [row] : rows, how: 'bundle' }
}

async function holdMail(db: Kysely<Database>, address: string, row: Row, { mailsPerHour }: Limits, now: number): Promise<Holding> {
  const sent = await db
    .selectFrom('outbox')
    .innerJoin('receivers', 'receivers.id', 'outbox.receiver_id')
    // What went out together has one instant, and was one mail.
    .select('delivered_at')
    .distinct()
    .where('receivers.address', '=', address)
    .where('delivered_at', '>', now - hours(1))
    .orderBy('delivered_at', 'desc')
    .limit(mailsPerHour)
    .execute()
  const oldest = sent.at(-1)?.delivered_at
  if (sent.length >= mailsPerHour && oldest != null) return { kind: 'wait', until: oldest + hours(1) }
  if (!wasHeld(row)) return { kind: 'send', rows: [row], how: 'digest' }
  const due = await waitingFor(db, row.receiver_id).where('pass_on_at', 'is', null).where('next_attempt_at', '<=', now).execute()
  const held = due.filter((each) => wasHeld(each) && read(each).ticket?.priority !== 'P1')
  return { kind: 'send', rows: held.length === 0 ? [row] : held, how: 'digest' }
}

/** Nobody tried it yet, and still it had to wait. */
const wasHeld = ({ attempts, next_attempt_at, created_at }: Row): boolean => attempts === 0 && (next_attempt_at ?? 0) > created_at

const waitingFor = (db: Kysely<Database>, receiverId: string) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('receiver_id', '=', receiverId)
    .where('delivered_at', 'is', null)
    .where('failed_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
