import { ordered } from '../command/order.ts'
import { resumeAll } from '../command/suspend.ts'
import { apply, type TicketCase } from '../pipeline/changes.ts'
import { isOverOthers } from '../pipeline/for-all.ts'
import type { Rules } from '../pipeline/keep.ts'
import { releaseGate } from '../pipeline/tasks.ts'
import type { Store, Tx } from '../store/store.ts'
import { decided } from '../ticket/acts.ts'
import { type Acting, answering, type Decided, resolve } from './acts.ts'
import type { Act } from './desk.ts'
import { learn } from './learning.ts'

/*
 * One word undoes all that was done on a false alarm (defaults §7), in one transaction: the machine is released, what was halted
 * goes on, its program is excepted on this machine for a while, the task to restore it ends, the count of what found it rises, and
 * the ticket ends. Meets: whoever would be left with a machine that nobody needs to fear, half undone.
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
  const isCutOff = await isHeldByIt(tx, work)
  const gate = isCutOff ? await releaseGate(tx, work.ticket.endpoint_id ?? '', { isFalseAlarm: true }, acting) : nothingToEnd
  if (gate.kind === 'refused') return gate
  const released = isCutOff
    ? apply(answering(work, decided(work, person.id, 'release', reason, now), acting), ordered('release-host', person.id, reason), now)
    : work
  const goingOn = apply(released, resumeAll(work, wasFalse), now)
  const ended = resolve(goingOn, { resolution: 'false-alarm', note: reason }, acting)
  if (ended.kind !== 'work') return ended
  const said = { ...act, resolution: 'false-alarm' as const, note: reason, exceptsPrograms: true }
  return learn(tx, parts, work, said, { ...ended, others: gate.ended }, now)
}

/** Why what was halted goes on. */
export const wasFalse = 'It was a false alarm.'

const nothingToEnd = { kind: 'free' as const, ended: [] }

/** What another ticket, or somebody on the machine's page, has cut off stays so: this ticket says nothing of why. */
async function isHeldByIt(tx: Tx, work: TicketCase): Promise<boolean> {
  if (!isHeld(work)) return false
  const isolations = tx.selectFrom('commands').select('ticket_id').where('endpoint_id', '=', work.ticket.endpoint_id)
  const last = await isolations.where('verb', '=', 'isolate-host').orderBy('requested_at', 'desc').limit(1).executeTakeFirst()
  return last === undefined || last.ticket_id === work.ticket.id
}

/** Also of one whose isolation failed: what is wanted of it is taken back. */
const isHeld = ({ subject: { isolation } }: TicketCase): boolean =>
  isolation !== null && (isolation.desired !== 'open' || isolation.actual !== 'open')
