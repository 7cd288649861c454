import { isOpen, type Resolution, type WaitingFor } from '#shared/domain/ticket.ts'
import { days } from '#shared/domain/time.ts'
import { ordered } from '../command/order.ts'
import { answer, endClocks, startClocks } from '../escalate/escalate.ts'
import { pauseClocks, resumeClocks } from '../escalate/pause.ts'
import { apply, type Changes, type TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { acknowledged, answeredByCustomer, commented, reopenedBy, resolved, resumed, waited } from '../ticket/acts.ts'
import type { DeskOutcome, Person } from './desk.ts'

/*
 * What an act of a person makes of a ticket and of its clocks (pure). The desk loads and keeps around it; a simulation
 * and a replay play the same over memory.
 */

/** What an act makes of the case, or why it can't be done. */
export type Decided =
  /** `others`: tickets that change with it. */
  { kind: 'work'; work: TicketCase; others?: readonly TicketCase[]; hasRaised?: boolean } | Exclude<DeskOutcome, { kind: 'done' }>

export interface Acting {
  person: Pick<Person, 'id'>
  rules: Pick<Rules, 'owedOf' | 'planOf'>
  now: number
}

export interface Wait {
  waitingFor: WaitingFor
  /** Of an appointment or a window: when it is over. */
  until: number | null
  note: string
}

export function acknowledge(work: TicketCase, acting: Acting): Decided {
  const acted = acknowledged(work, acting.person.id, acting.now)
  return acted.kind === 'illegal' ? acted : { kind: 'work', work: answering(work, acted.changes, acting, true) }
}

export const comment = (work: TicketCase, said: { text: string; isInternal?: boolean }, acting: Acting): Decided => ({
  kind: 'work',
  work: answering(work, commented(acting.person.id, said.text, said.isInternal === true, acting.now), acting),
})

export function resolve(work: TicketCase, { resolution, note }: { resolution: Resolution; note: string }, acting: Acting): Decided {
  const { person, now } = acting
  const acted = resolved(work, person.id, resolution, note, now)
  if (acted.kind === 'illegal') return acted
  const ended = answering(work, acted.changes, acting)
  const rearming = armsAgain(work) ? ordered('rearm-canaries', 'system', 'The ticket of this canary was resolved.') : {}
  return { kind: 'work', work: apply(apply(ended, endClocks(ended, person.id, now), now), rearming, now) }
}

export function wait(work: TicketCase, waits: Wait, acting: Acting): Decided {
  const { person, rules, now } = acting
  const refusal = whyNotWait(waits, now)
  if (refusal) return refusal
  const acted = waited(work, person.id, waits, now)
  if (acted.kind === 'illegal') return acted
  const waiting = answering(work, acted.changes, acting)
  const paused = pauseClocks(waiting, waits.waitingFor, waits.until, rules.owedOf(waiting), rules.planOf(waiting), now)
  return { kind: 'work', work: apply(waiting, paused, now) }
}

export function resume(work: TicketCase, note: string, acting: Acting): Decided {
  const acted = resumed(work, acting.person.id, note, acting.now)
  return acted.kind === 'illegal' ? acted : { kind: 'work', work: goOn(answering(work, acted.changes, acting), acting) }
}

export function reopen(work: TicketCase, note: string, acting: Acting): Decided {
  const acted = reopenedBy(work, acting.person.id, note, acting.now)
  return acted.kind === 'illegal' ? acted : { kind: 'work', work: begin(apply(work, acted.changes, acting.now), acting) }
}

/** It ends a wait for them, and brings back what ended unanswered, or what they asked for and is not over. */
export function hearCustomer(work: TicketCase, text: string, acting: Acting): Decided {
  const said = apply(work, answeredByCustomer(work, acting.person.id, text), acting.now)
  if (work.ticket.status === 'waiting' && said.ticket.status !== 'waiting') return { kind: 'work', work: goOn(said, acting) }
  if (!opensAgain(work, acting)) return { kind: 'work', work: said }
  return reopen(said, 'The customer answered.', acting)
}

/** What ended without an answer; and for a while whatever ended, if its requester says that it is not over. */
const opensAgain = (work: TicketCase, { rules, now }: Acting): boolean => {
  const { resolution, resolved_at: endedAt, requester_id: requesterId } = work.ticket
  if (resolution === 'unanswered') return true
  return endedAt !== null && requesterId !== null && now - endedAt < rules.planOf(work).reopens.otherwise
}

/** The person's act, then what it means for the clocks of an open ticket: somebody has answered. */
export function answering(work: TicketCase, changes: Changes, { person, rules, now }: Acting, isTaking = false): TicketCase {
  const acted = apply(work, changes, now)
  return isOpen(work.ticket.status)
    ? apply(acted, answer(acted, rules.owedOf(acted), rules.planOf(acted), person.id, now, isTaking), now)
    : acted
}

/** Its promises begin. */
export const begin = (work: TicketCase, { rules, now }: Pick<Acting, 'rules' | 'now'>): TicketCase =>
  apply(work, startClocks(work, rules.owedOf(work), rules.planOf(work), now), now)

/** What was left of its clocks runs on. */
const goOn = (work: TicketCase, { rules, now }: Acting): TicketCase =>
  apply(work, resumeClocks(work, rules.owedOf(work), rules.planOf(work), now), now)

/** The decoys were touched to open this ticket; whoever ends it wants them to watch again. */
const armsAgain = ({ ticket, subject }: TicketCase): boolean => ticket.kind === 'security.ransomware.canary' && subject.endpoint !== null

/** Longer than anybody plans. */
const longestWaitMs = days(400)

function whyNotWait({ waitingFor, until }: Wait, now: number): Extract<DeskOutcome, { kind: 'refused' }> | undefined {
  const isTimed = waitingFor === 'appointment' || waitingFor === 'window'
  if (!isTimed && until === null) return undefined
  if (!isTimed) return { kind: 'refused', reason: `A ${waitingFor} is waited for until they answer: leave the time out.` }
  const isWithin = until !== null && until > now && until <= now + longestWaitMs
  return isWithin ? undefined : { kind: 'refused', reason: 'Say until when: an instant to come, within 400 days.' }
}
