import { ordered } from '../command/order.ts'
import { resumeAll } from '../command/suspend.ts'
import { apply, type TicketCase } from '../pipeline/changes.ts'
import { isOverOthers } from '../pipeline/for-all.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadCases } from '../pipeline/load.ts'
import { releaseGate } from '../pipeline/tasks.ts'
import type { Store, Tx } from '../store/store.ts'
import { familyOf } from '../suppress/suppress.ts'
import { decided } from '../ticket/acts.ts'
import { type Acting, answering, type Decided, resolve } from './acts.ts'
import type { Act } from './desk.ts'
import { learn, programsOf } from './learning.ts'

/*
 * One word undoes all that was done on a false alarm (defaults §7), in one transaction: the machine is released, what was halted
 * goes on, its program is excepted on this machine for a while, the task to restore it ends, the count of what found it rises, and
 * the ticket ends, with those that tell of the same program's same deed. Meets: whoever would be left with a machine that nobody needs to fear, half undone.
 */
export async function falseAlarm(
  tx: Tx,
  parts: { rules: Rules; store: Store },
  work: TicketCase,
  act: Act & { reason: string },
  acting: Acting,
): Promise<Decided> {
  const { reason, person } = act
  const { now } = acting
  if (isOverOthers(work)) return { kind: 'refused', reason: 'This ticket is over others: end those with it, each in its own way.' }
  const alike = await ofTheSamePrograms(tx, work)
  const isCutOff = await isHeldByThem(tx, [work, ...alike])
  const gate = isCutOff ? await releaseGate(tx, work.ticket.endpoint_id ?? '', { isFalseAlarm: true }, acting) : nothingToEnd
  if (gate.kind === 'refused') return gate
  const released = isCutOff
    ? apply(answering(work, decided(work, person.id, 'release', reason, now), acting), ordered('release-host', person.id, reason), now)
    : work
  const said = { ...act, resolution: 'false-alarm' as const, note: reason, exceptsPrograms: true }
  const end = async (each: TicketCase, as: TicketCase): Promise<Decided> => {
    const ended = resolve(apply(as, resumeAll(each, wasFalse), now), { resolution: 'false-alarm', note: reason }, acting)
    return ended.kind === 'work' ? learn(tx, parts, each, said, ended, now) : ended
  }
  const ended = await end(work, released)
  if (ended.kind !== 'work') return ended
  const others: TicketCase[] = [...gate.ended]
  for (const each of alike) {
    const its = await end(each, each)
    if (its.kind === 'work') others.push(its.work)
    ended.hasRaised ||= its.kind === 'work' && its.hasRaised === true
  }
  return { ...ended, others }
}

/** Tickets of this machine that are open, of the same family, and accuse a program that this one does: the same deed under another name. */
async function ofTheSamePrograms(tx: Tx, { ticket }: TicketCase): Promise<TicketCase[]> {
  const programs = await programsOf(tx, ticket.id)
  if (ticket.endpoint_id === null || programs.length === 0) return []
  const rows = await tx
    .selectFrom('tickets')
    .selectAll()
    .where('endpoint_id', '=', ticket.endpoint_id)
    .where('status', '!=', 'resolved')
    .where('kind', 'like', `${familyOf(ticket.kind)}.%`)
    .where('id', '!=', ticket.id)
    .orderBy('number')
    .execute()
  const alike: typeof rows = []
  for (const row of rows) if ((await programsOf(tx, row.id)).some((program) => programs.includes(program))) alike.push(row)
  return loadCases(tx, alike)
}

/** Why what was halted goes on. */
export const wasFalse = 'It was a false alarm.'

const nothingToEnd = { kind: 'free' as const, ended: [] }

/** What another ticket, or somebody on the machine's page, has cut off stays so: these tickets say nothing of why. */
async function isHeldByThem(tx: Tx, tickets: readonly TicketCase[]): Promise<boolean> {
  const [work] = tickets
  if (!work || !isHeld(work)) return false
  const isolations = tx.selectFrom('commands').select('ticket_id').where('endpoint_id', '=', work.ticket.endpoint_id)
  const last = await isolations.where('verb', '=', 'isolate-host').orderBy('requested_at', 'desc').limit(1).executeTakeFirst()
  return last === undefined || tickets.some(({ ticket }) => ticket.id === last.ticket_id)
}

/** Also of one whose isolation failed: what is wanted of it is taken back. */
const isHeld = ({ subject: { isolation } }: TicketCase): boolean =>
  isolation !== null && (isolation.desired !== 'open' || isolation.actual !== 'open')
