import type { TicketAction } from '#shared/domain/ticket.ts'
import type { Time } from '#shared/domain/time.ts'
import { requestCommands } from '../command/command.ts'
import { agree, type ReleaseBy } from '../command/consent.ts'
import { isContained } from '../command/contain.ts'
import { ordered } from '../command/order.ts'
import { apply, type Subject, type TicketCase } from '../pipeline/changes.ts'
import { actForAll, answerForAll, type ForAll, isOverOthers, nobodyAsks, type Verb } from '../pipeline/for-all.ts'
import { type Kept, keepCases, nothingKept, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadSubjects, loadTickets } from '../pipeline/load.ts'
import { type Cause, type Gate, type Override, releaseGate } from '../pipeline/tasks.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import { agreedAlone, causeNamed, decided } from '../ticket/acts.ts'
import {
  type Acting,
  acknowledge,
  answering,
  comment,
  type Decided,
  hearCustomer,
  reopen,
  resolve,
  resume,
  type Wait,
  wait,
} from './acts.ts'
import { takenOut } from './children.ts'
import { falseAlarm } from './false-alarm.ts'
import { decideFound, type FoundAct } from './found-lines.ts'
import { escalate, type HopAct } from './hops.ts'
import { learn, type ResolveAct } from './learning.ts'
import { type Opening, openedBefore, openTicket } from './opening.ts'
import { loadPackets } from './packet.ts'
import { createReplan } from './replan.ts'
import { createPutRequester, type PutRequester } from './vips.ts'

/*
 * What people do, on one screen. Enters: an act on a ticket with the version the person saw. Leaves: the same kind of
 * changes as a signal makes, kept in one transaction; or why not, as a value.
 * Promises: of two people who act on the same version one wins and the other is told. A person's act is never undone by
 * the machine. On failure: nothing is changed.
 * Meets: nobody unasked: scope and powers were checked by http; the desk trusts its caller.
 */

export interface Person {
  id: string
  name: string
  /** Writes their act into the audit, within its transaction: the last thing that it does. @param made the id of what it made. */
  record?: (tx: Tx, made?: string) => Promise<void>
}
export interface Act {
  ticketId: string
  version: number
  person: Person
}
export interface EndpointAct {
  endpointId: string
  person: Person
  reason: string
}
export type DeskOutcome =
  | { kind: 'done'; version: number }
  | { kind: 'missing' }
  | { kind: 'stale'; version: number }
  | { kind: 'illegal'; legal: TicketAction[] }
  | { kind: 'refused'; reason: string }

export interface Desk {
  open(opening: Opening): Promise<string>
  acknowledge(act: Act): Promise<DeskOutcome>
  /** @param act `isInternal`: among people of the provider. */
  comment(act: Act & { text: string; isInternal?: boolean }): Promise<DeskOutcome>
  resolve(act: ResolveAct): Promise<DeskOutcome>
  wait(act: Act & Wait): Promise<DeskOutcome>
  resume(act: Act & { note: string }): Promise<DeskOutcome>
  reopen(act: Act & { note: string }): Promise<DeskOutcome>
  escalate(act: HopAct): Promise<DeskOutcome>
  /** Decides on lines of a ticket "as found". */
  decideFound(act: FoundAct): Promise<DeskOutcome>
  /** What the customer says, however it came: it ends a wait for them, and brings back what ended unanswered. */
  hearCustomer(act: Omit<Act, 'version'> & { text: string }): Promise<DeskOutcome>
  /** @param act `onlyIfAsked`: the person may say yes to a pending question and not isolate otherwise. */
  isolate(act: Act & { reason: string; onlyIfAsked?: boolean }): Promise<DeskOutcome>
  /** Refused while the machine waits to be restored, unless it is said why it may come back; one side's word waits for the other's. */
  release(act: Act & Override & { reason: string; side?: ReleaseBy }): Promise<DeskOutcome>
  /** Undoes what was done on it, and ends it. */
  falseAlarm(act: Act & { reason: string }): Promise<DeskOutcome>
  /** Of the network: somebody goes there, to this place with this part. */
  nameCause(act: Act & Cause): Promise<DeskOutcome>
  leave(act: Act & { reason: string }): Promise<DeskOutcome>
  /** All tickets under this one at once. */
  children(act: Act & ForAll): Promise<DeskOutcome>
  isolateEndpoint(act: EndpointAct): Promise<DeskOutcome>
  releaseEndpoint(act: EndpointAct & Override): Promise<DeskOutcome>
  /** Open tickets take over the plan of the matrix in force. @param within the first of its transactions. @returns how many. */
  replan(within?: Within): Promise<number>
  /** Who somebody is who asks, and whether they are a VIP. */
  putRequester: PutRequester
}

export interface DeskOptions {
  store: Store
  rules: Rules
  time: Time
  turns: Turns
  afterCommit(kept: Kept): void
}

export function createDesk({ store, rules, time, turns, afterCommit }: DeskOptions): Desk {
  const { putRows } = store.capabilities
  const actingOf = ({ person }: { person: Person }, now: number): Acting => ({ person, rules, now })

  /** Load, decide, keep: as the pipeline does with a signal. */
  const onTicket = async (
    { ticketId, person, version }: Pick<Act, 'ticketId' | 'person'> & { version?: number },
    decide: (work: TicketCase, now: number, tx: Tx) => Decided | Promise<Decided>,
  ): Promise<DeskOutcome> => {
    const now = time.now()
    const done = await turns(async (tx) => {
      const [work] = await loadCases(tx, await loadTickets(tx, [ticketId]))
      if (!work) return { kind: 'missing' } as const
      if (version !== undefined && work.ticket.version !== version) return { kind: 'stale', version: work.ticket.version } as const
      const decided = await decide(work, now, tx)
      if (decided.kind !== 'work') return decided
      const kept = await keepCases(tx, store.capabilities, rules, [decided.work, ...(decided.others ?? [])], now)
      await person.record?.(tx)
      return { kind: 'kept' as const, kept: { ...kept, hasRaised: kept.hasRaised || decided.hasRaised === true } }
    })
    if (done.kind !== 'kept') return done
    afterCommit(done.kept)
    return { kind: 'done', version: done.kept.tickets[0]?.version ?? version ?? 0 }
  }

  const onEndpoint = async ({ endpointId, person, reason, ...said }: EndpointAct & Override, verb: Verb): Promise<DeskOutcome> => {
    const now = time.now()
    const done = await turns(async (tx) => {
      const subject = await subjectOf(tx, endpointId)
      if (!subject) return { kind: 'missing' } as const
      const refusal = whyNot(verb, subject)
      if (refusal) return refusal
      const gate = verb === 'release-host' ? await releaseGate(tx, endpointId, said, actingOf({ person }, now)) : open
      if (gate.kind === 'refused') return gate
      const ended = await keepCases(tx, store.capabilities, rules, gate.ended, now)
      const commands = ordered(verb, person.id, reason).orders.map((order) => ({
        ...order,
        organisationId: subject.organisation.id,
        endpointId,
        ticketId: null,
      }))
      await requestCommands(tx, putRows, commands, now)
      await person.record?.(tx)
      return { kind: 'kept' as const, kept: { ...ended, commands, hasOrders: true } }
    })
    if (done.kind !== 'kept') return done
    afterCommit(done.kept)
    return { kind: 'done', version: 0 }
  }

  const contain = (act: Act & Override & { reason: string; onlyIfAsked?: boolean; side?: ReleaseBy }, verb: Verb): Promise<DeskOutcome> =>
    onTicket(act, async (work, now, tx) => {
      if (isOverOthers(work) && (act.side ?? 'alone') === 'alone')
        return answerForAll(tx, answering(work, {}, actingOf(act, now)), verb, act, now)
      const refusal = act.onlyIfAsked && work.ticket.containment !== 'asked' ? nobodyAsks : whyNot(verb, work.subject)
      if (refusal) return refusal
      const { side = 'alone', person, reason } = act
      const endpointId = work.ticket.endpoint_id ?? ''
      const word = { person_id: person.id, reason, at: now, without_restore: act.withoutRestore?.trim() || null }
      const agreed = await agree(tx, { side, endpoint_id: endpointId, ...word })
      if (agreed.kind === 'waits') return { kind: 'work', work: apply(work, agreedAlone(person.id, { side, reason }), now) }
      const said = { ...act, withoutRestore: agreed.withoutRestore }
      const gate = verb === 'release-host' ? await releaseGate(tx, endpointId, said, actingOf(act, now)) : open
      if (gate.kind === 'refused') return gate
      const changes = decided(work, act.person.id, verb === 'isolate-host' ? 'isolate' : 'release', act.reason, now)
      const order = ordered(verb, act.person.id, act.reason)
      return { kind: 'work', work: apply(answering(work, changes, actingOf(act, now)), order, now), others: gate.ended }
    })

  return {
    async open(opening) {
      const now = time.now()
      const { id, kept } = await turns(async (tx) => {
        const known = await openedBefore(tx, opening)
        if (known !== undefined) return { id: known, kept: nothingKept }
        const work = await openTicket(tx, opening, rules, now)
        const kept = await keepCases(tx, store.capabilities, rules, [work], now)
        await (opening.person ?? opening).record?.(tx, work.ticket.id)
        return { id: work.ticket.id, kept }
      })
      afterCommit(kept)
      return id
    },
    acknowledge: (act) => onTicket(act, (work, now) => acknowledge(takenOut(work, act.person.id, rules, now), actingOf(act, now))),
    comment: (act) => onTicket(act, (work, now) => comment(work, act, actingOf(act, now))),
    resolve: (act) =>
      onTicket(act, async (work, now, tx) => {
        const ended = resolve(work, act, actingOf(act, now))
        return ended.kind === 'work' ? learn(tx, { rules, store }, work, act, ended, now) : ended
      }),
    wait: (act) => onTicket(act, (work, now) => wait(takenOut(work, act.person.id, rules, now), act, actingOf(act, now))),
    resume: (act) => onTicket(act, (work, now) => resume(work, act.note, actingOf(act, now))),
    reopen: (act) => onTicket(act, (work, now) => reopen(work, act.note, actingOf(act, now))),
    escalate: (act) =>
      onTicket(act, async (found, now, tx) => {
        const work = takenOut(found, act.person.id, rules, now)
        const packets = await loadPackets(tx, [work], now)
        return escalate(work, act, packets.get(work.ticket.id), rules, now)
      }),
    decideFound: (act) =>
      onTicket(act, async (work, now, tx) => {
        const found = await decideFound(tx, store, act, rules, now)
        if (found.kind !== 'changes') return found
        return { kind: 'work', work: answering(work, found.changes, actingOf(act, now)), others: found.others }
      }),
    nameCause: (act) =>
      onTicket(act, (work, now) => {
        const { cause, place = '', part = '', note, person } = act
        if (cause === 'network' && (place.trim() === '' || part.trim() === '')) return nowhereToGo
        const said = { cause, note, ...(cause === 'network' && { place, part }) }
        return { kind: 'work', work: answering(work, causeNamed(person.id, said, now), actingOf(act, now)) }
      }),
    hearCustomer: (act) =>
      onTicket({ ticketId: act.ticketId, person: act.person }, (work, now) => hearCustomer(work, act.text, actingOf(act, now))),
    isolate: (act) => contain(act, 'isolate-host'),
    release: (act) => contain(act, 'release-host'),
    falseAlarm: (act) => onTicket(act, (work, now, tx) => falseAlarm(tx, { rules, store }, work, act, actingOf(act, now))),
    leave: (act) =>
      onTicket(act, (work, now, tx) => {
        if (isOverOthers(work)) return answerForAll(tx, answering(work, {}, actingOf(act, now)), 'leave', act, now)
        if (work.ticket.containment !== 'asked') return nobodyAsks
        return { kind: 'work', work: answering(work, decided(work, act.person.id, 'leave', act.reason, now), actingOf(act, now)) }
      }),
    children: (act) => onTicket(act, (work, now) => actForAll(answering(work, {}, actingOf(act, now)), act, now)),
    isolateEndpoint: (act) => onEndpoint(act, 'isolate-host'),
    releaseEndpoint: (act) => onEndpoint(act, 'release-host'),
    replan: createReplan({ store, rules, time, turns, afterCommit }),
    putRequester: createPutRequester({ store, rules, time, turns, afterCommit }),
  }
}

const open: Gate = { kind: 'free', ended: [] }

const nowhereToGo = { kind: 'refused', reason: 'Say the place and the part, so that whoever goes there has both.' } as const

function whyNot(verb: Verb, subject: Subject): { kind: 'refused'; reason: string } | undefined {
  if (!subject.endpoint) return { kind: 'refused', reason: 'This ticket is about no machine.' }
  if (verb === 'isolate-host' && isContained(subject)) return { kind: 'refused', reason: 'This machine is isolated, or about to be.' }
  const isOpenNow = (subject.isolation?.desired ?? 'open') === 'open' && (subject.isolation?.actual ?? 'open') === 'open'
  return verb === 'release-host' && isOpenNow ? { kind: 'refused', reason: 'This machine is not isolated.' } : undefined
}

async function subjectOf(tx: Tx, endpointId: string): Promise<Subject | undefined> {
  return (await loadSubjects(tx, [{ endpoint_id: endpointId, organisation_id: '' }])).of({ endpoint_id: endpointId, organisation_id: '' })
}
