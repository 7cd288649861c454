import type { Resolution } from '#shared/domain/ticket.ts'
import { raiseAllWithin } from '../ingest/handled.ts'
import type { TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { Store, Tx } from '../store/store.ts'
import { exceptPrograms, keepException, type NewException, whyNotNoise } from '../suppress/exceptions.ts'
import { countFalseAlarm } from '../suppress/false-alarms.ts'
import type { Decided } from './acts.ts'
import type { Act } from './desk.ts'

/*
 * What the end of a ticket says of the next ones: what is noise is excepted until a date, a false alarm counts against what
 * found it. In the transaction that ends it: neither is kept without the other.
 */

export interface ResolveAct extends Act {
  resolution: Resolution
  note: string
  /** "This is noise", and of whom. */
  noise?: NewException
  /** Whoever let the machine go says that it was a false alarm: its program is excepted on it for a while. */
  exceptsPrograms?: boolean
}

/** @returns what ended, or why it can't end so. */
export async function learn(
  tx: Tx,
  { rules, store }: { rules: Rules; store: Store },
  { ticket }: TicketCase,
  { resolution, note, noise, exceptsPrograms, person }: ResolveAct,
  ended: Extract<Decided, { kind: 'work' }>,
  now: number,
): Promise<Decided> {
  const { matrix } = rules
  const refusal = noise && whyNotNoise(ticket, noise, matrix, now)
  if (refusal !== undefined) return { kind: 'refused', reason: refusal }
  if (noise) await keepException(tx, ticket, noise, person.id, matrix, now)
  if (resolution !== 'false-alarm') return ended
  if (exceptsPrograms && ticket.endpoint_id !== null)
    await exceptPrograms(tx, ticket, await programsOf(tx, ticket.id), { personId: person.id, reason: note }, matrix, now)
  const troubles = await countFalseAlarm(tx, ticket, matrix, now)
  await raiseAllWithin(tx, store.capabilities, troubles, now)
  return { ...ended, hasRaised: troubles.length > 0 }
}

/** More programs than that are no false alarm. */
const maxSignals = 50

export async function programsOf(tx: Tx, ticketId: string): Promise<string[]> {
  const signals = tx.selectFrom('signals').select('facts').where('ticket_id', '=', ticketId)
  const rows = await signals.orderBy('received_at', 'desc').limit(maxSignals).execute()
  const hashes = rows.map(({ facts }) => (JSON.parse(facts) as Record<string, unknown>).processSha256)
  return [...new Set(hashes.filter((hash): hash is string => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)))]
}
