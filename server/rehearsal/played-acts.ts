import { ordered } from '../command/order.ts'
import { resumeAll } from '../command/suspend.ts'
import { type Acting, acknowledge, answering, comment, type Decided, hearCustomer, reopen, resolve, resume, wait } from '../desk/acts.ts'
import { takenOut } from '../desk/children.ts'
import { wasFalse } from '../desk/false-alarm.ts'
import { decideHeld } from '../desk/held.ts'
import { escalate } from '../desk/hops.ts'
import { apply, type Entry, type TicketCase } from '../pipeline/changes.ts'
import { actForAll, isOverOthers } from '../pipeline/for-all.ts'
import type { Rules } from '../pipeline/keep.ts'
import { agreedAlone, causeNamed, decided } from '../ticket/acts.ts'
import type { ToldAct } from './history-acts.ts'

/** What a person did, done again (pure). @param isForAll they answered on the ticket over this one. */
export function act(work: TicketCase, told: ToldAct, acting: Acting, rules: Rules, isForAll: boolean): Decided {
  const { person, now } = acting
  switch (told.kind) {
    case 'acknowledge':
      return acknowledge(work, acting)
    case 'comment':
      return comment(work, told, acting)
    case 'cause':
      return { kind: 'work', work: answering(work, causeNamed(person.id, told.said, now), acting) }
    case 'hear':
      return hearCustomer(work, told.text, acting)
    case 'resolve':
      return resolve(work, told, acting)
    case 'wait':
      return wait(work, told, acting)
    case 'resume':
      return resume(work, told.note, acting)
    case 'reopen':
      return reopen(work, told.note, acting)
    case 'escalate':
      return escalate(work, { ...told, person, mayLeaveSecurity: true }, told.packet, rules, now)
    case 'children': {
      const about = { ticketId: work.ticket.id, version: work.ticket.version, person: { ...person, name: '' } }
      return actForAll(answering(work, {}, acting), { ...about, act: told.act, resolution: told.resolution, note: told.note }, now)
    }
    case 'leave':
      return { kind: 'work', work: answered(work, told.answer, told.reason, acting, isForAll) }
    case 'held': {
      const command = { id: told.commandId, verb: told.verb, reason: told.reason, args: '{}' }
      return { kind: 'work', work: decideHeld(work, command, { answer: told.answer, person }, rules, now) }
    }
    case 'agree':
      return { kind: 'work', work: apply(work, agreedAlone(person.id, { side: told.side, reason: told.reason }), now) }
    case 'false-alarm': {
      const freed = told.isReleasing ? released(work, told.reason, acting) : work
      return resolve(apply(freed, resumeAll(freed, wasFalse), now), { resolution: 'false-alarm', note: told.reason }, acting)
    }
    case 'contain': {
      const after = answered(work, told.verb === 'isolate-host' ? 'isolate' : 'release', told.reason, acting, isForAll)
      return { kind: 'work', work: apply(after, ordered(told.verb, person.id, told.reason), now) }
    }
  }
}

const released = (work: TicketCase, reason: string, acting: Acting): TicketCase =>
  apply(answered(work, 'release', reason, acting, false), ordered('release-host', acting.person.id, reason), acting.now)

/** One answer for many is an act on the ticket over them, and changes each of them without one. */
function answered(
  work: TicketCase,
  answer: 'isolate' | 'release' | 'leave',
  reason: string,
  acting: Acting,
  isForAll: boolean,
): TicketCase {
  const { person, now } = acting
  if (isForAll) return apply(work, decided(work, person.id, answer, reason, now), now)
  if (!isOverOthers(work)) return answering(work, decided(work, person.id, answer, reason, now), acting)
  const acted = answering(work, {}, acting)
  return apply(acted, decided(acted, person.id, answer, reason, now), now)
}

/** As desk/children.ts says it. */
const tookIt = 'somebody took it'

/** Whoever takes a ticket takes it from under another. */
export function taken(work: TicketCase, entries: readonly Entry[], personId: string, rules: Rules, now: number): TicketCase {
  const isTaken = entries.some(({ kind, actor, body }) => kind === 'parted' && actor === personId && body.why === tookIt)
  return isTaken ? takenOut(work, personId, rules, now) : work
}

/** The ticket over it ended, or a person said so for all of them. */
export const isReleased = (entries: readonly Entry[]): boolean =>
  entries.some(({ kind, body }) => (kind === 'parted' && body.why !== tookIt) || (kind === 'resolved' && body.isWithAll !== undefined))

/** On the ticket over it somebody answered for all, in the same moment. */
export const isAnsweredForAll = (overIt: readonly Entry[] | undefined, personId: string, at: number): boolean =>
  overIt?.some((entry) => entry.kind === 'containment-answered' && entry.actor === personId && entry.at === at) === true
