import { randomUUIDv7 } from 'node:crypto'
import { Fault } from '#shared/domain/fault.ts'
import type { Urgency } from '#shared/domain/priority.ts'
import { isOpen, type Resolution, type TicketAction, type WaitingFor } from '#shared/domain/ticket.ts'
import { days, type Time } from '#shared/domain/time.ts'
import { apply, type Changes, caseOf, type Subject, type TicketCase, type Trouble } from './changes.ts'
import { requestCommands } from './command/command.ts'
import { isContained } from './command/contain.ts'
import { ordered } from './command/order.ts'
import { answer, endClocks, startClocks } from './escalate/escalate.ts'
import { pauseClocks, resumeClocks } from './escalate/pause.ts'
import { type HopAct, hopByPerson } from './hops.ts'
import { type Kept, keepCases, nothingKept, type Rules } from './keep.ts'
import { loadCases, loadSubjects, loadTickets } from './load.ts'
import { loadPackets } from './packet.ts'
import { decidePriority, prioritise } from './prioritise/prioritise.ts'
import { createReplan } from './replan.ts'
import { match } from './route/match.ts'
import { decideRoute, route } from './route/route.ts'
import type { Store, Tx } from './store/store.ts'
import { acknowledged, answeredByCustomer, commented, decided, reopenedBy, resolved, resumed, waited } from './ticket/acts.ts'
import { draftTicket, nextTicketNumber, opened } from './ticket/ticket.ts'
import type { Turns } from './turns.ts'

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
}
export interface Act {
  ticketId: string
  version: number
  person: Person
}
export interface Opening {
  organisationId: string
  endpointId?: string
  title: string
  text: string
  urgency: Urgency
  /** Who else has it; alone, when absent. */
  affects?: 'me' | 'several' | 'everyone'
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
  comment(act: Act & { text: string }): Promise<DeskOutcome>
  resolve(act: Act & { resolution: Resolution; note: string }): Promise<DeskOutcome>
  /** @param act `until`: of an appointment or a window, when it is over. */
  wait(act: Act & { waitingFor: WaitingFor; until: number | null; note: string }): Promise<DeskOutcome>
  resume(act: Act & { note: string }): Promise<DeskOutcome>
  reopen(act: Act & { note: string }): Promise<DeskOutcome>
  escalate(act: HopAct): Promise<DeskOutcome>
  /** What the customer says, however it came: it ends a wait for them, and brings back what ended unanswered. */
  hearCustomer(act: Omit<Act, 'version'> & { text: string }): Promise<DeskOutcome>
  /** @param act `onlyIfAsked`: the person may say yes to a pending question and not isolate otherwise. */
  isolate(act: Act & { reason: string; onlyIfAsked?: boolean }): Promise<DeskOutcome>
  release(act: Act & { reason: string }): Promise<DeskOutcome>
  leave(act: Act & { reason: string }): Promise<DeskOutcome>
  isolateEndpoint(act: EndpointAct): Promise<DeskOutcome>
  releaseEndpoint(act: EndpointAct): Promise<DeskOutcome>
  /** Open tickets take over the plan of the matrix in force. @returns how many. */
  replan(): Promise<number>
}

export interface DeskOptions {
  store: Store
  rules: Rules
  time: Time
  turns: Turns
  afterCommit(kept: Kept): void
}

/** What an act makes of the case, or why it can't be done. */
type Decided = { kind: 'work'; work: TicketCase } | Exclude<DeskOutcome, { kind: 'done' }>

export function createDesk({ store, rules, time, turns, afterCommit }: DeskOptions): Desk {
  const { putRows } = store.capabilities

  /** Load, decide, keep: as the pipeline does with a signal. */
  const onTicket = async (
    { ticketId, version }: Pick<Act, 'ticketId'> & { version?: number },
    decide: (work: TicketCase, now: number, tx: Tx) => Decided | Promise<Decided>,
  ): Promise<DeskOutcome> => {
    const now = time.now()
    const done = await turns(async (tx) => {
      const [work] = await loadCases(tx, await loadTickets(tx, [ticketId]))
      if (!work) return { kind: 'missing' } as const
      if (version !== undefined && work.ticket.version !== version) return { kind: 'stale', version: work.ticket.version } as const
      const decided = await decide(work, now, tx)
      return decided.kind === 'work'
        ? { kind: 'kept' as const, kept: await keepCases(tx, store.capabilities, rules, [decided.work], now) }
        : decided
    })
    if (done.kind !== 'kept') return done
    afterCommit(done.kept)
    return { kind: 'done', version: done.kept.tickets[0]?.version ?? version ?? 0 }
  }

  /** The person's act, then what it means for the clocks of an open ticket: somebody has answered. */
  const answering = (work: TicketCase, changes: Changes, person: Person, now: number, isTaking = false): TicketCase => {
    const acted = apply(work, changes, now)
    return isOpen(work.ticket.status)
      ? apply(acted, answer(acted, rules.owedOf(acted), rules.planOf(acted), person.id, now, isTaking), now)
      : acted
  }

  /** What was left of its clocks runs on. */
  const goOn = (work: TicketCase, now: number): TicketCase =>
    apply(work, resumeClocks(work, rules.owedOf(work), rules.planOf(work), now), now)
  const begin = (work: TicketCase, now: number): TicketCase =>
    apply(work, startClocks(work, rules.owedOf(work), rules.planOf(work), now), now)

  const onEndpoint = async ({ endpointId, person, reason }: EndpointAct, verb: Verb): Promise<DeskOutcome> => {
    const now = time.now()
    const done = await turns(async (tx) => {
      const subject = await subjectOf(tx, endpointId)
      if (!subject) return { kind: 'missing' } as const
      const refusal = whyNot(verb, subject)
      if (refusal) return refusal
      const commands = ordered(verb, person.id, reason).orders.map((order) => ({
        ...order,
        organisationId: subject.organisation.id,
        endpointId,
        ticketId: null,
      }))
      await requestCommands(tx, putRows, commands, now)
      return { kind: 'kept' as const, kept: { ...nothingKept, commands, hasOrders: true } }
    })
    if (done.kind !== 'kept') return done
    afterCommit(done.kept)
    return { kind: 'done', version: 0 }
  }

  const contain = (act: Act & { reason: string; onlyIfAsked?: boolean }, verb: Verb): Promise<DeskOutcome> =>
    onTicket(act, (work, now) => {
      const refusal = act.onlyIfAsked && work.ticket.containment !== 'asked' ? nobodyAsks : whyNot(verb, work.subject)
      if (refusal) return refusal
      const changes = decided(work, act.person.id, verb === 'isolate-host' ? 'isolate' : 'release', act.reason, now)
      const order = ordered(verb, act.person.id, act.reason)
      return { kind: 'work', work: apply(answering(work, changes, act.person, now), order, now) }
    })

  return {
    async open(opening) {
      const now = time.now()
      const { id, kept } = await turns(async (tx) => {
        const work = await openTicket(tx, opening, rules, now)
        const started = begin(work, now)
        return { id: work.ticket.id, kept: await keepCases(tx, store.capabilities, rules, [started], now) }
      })
      afterCommit(kept)
      return id
    },
    acknowledge: (act) =>
      onTicket(act, (work, now) => {
        const acted = acknowledged(work, act.person.id, now)
        return acted.kind === 'illegal' ? acted : { kind: 'work', work: answering(work, acted.changes, act.person, now, true) }
      }),
    comment: (act) =>
      onTicket(act, (work, now) => ({
        kind: 'work',
        work: answering(work, commented(act.person.id, act.text, now), act.person, now),
      })),
    resolve: (act) =>
      onTicket(act, (work, now) => {
        const acted = resolved(work, act.person.id, act.resolution, act.note, now)
        if (acted.kind === 'illegal') return acted
        const ended = answering(work, acted.changes, act.person, now)
        const rearming = armsAgain(work) ? ordered('rearm-canaries', 'system', 'The ticket of this canary was resolved.') : {}
        return { kind: 'work', work: apply(apply(ended, endClocks(ended, act.person.id, now), now), rearming, now) }
      }),
    wait: (act) =>
      onTicket(act, (work, now) => {
        const refusal = whyNotWait(act, now)
        if (refusal) return refusal
        const acted = waited(work, act.person.id, act, now)
        if (acted.kind === 'illegal') return acted
        const waiting = answering(work, acted.changes, act.person, now)
        const { owedOf, planOf } = rules
        return {
          kind: 'work',
          work: apply(waiting, pauseClocks(waiting, act.waitingFor, act.until, owedOf(waiting), planOf(waiting), now), now),
        }
      }),
    resume: (act) =>
      onTicket(act, (work, now) => {
        const acted = resumed(work, act.person.id, act.note, now)
        return acted.kind === 'illegal' ? acted : { kind: 'work', work: goOn(answering(work, acted.changes, act.person, now), now) }
      }),
    reopen: (act) =>
      onTicket(act, (work, now) => {
        const acted = reopenedBy(work, act.person.id, act.note)
        return acted.kind === 'illegal' ? acted : { kind: 'work', work: begin(apply(work, acted.changes, now), now) }
      }),
    escalate: (act) =>
      onTicket(act, async (work, now, tx) => {
        const packets = await loadPackets(tx, [work], now)
        const answered = answering(work, { ticket: { touched_at: now } }, act.person, now)
        return hopByPerson(work, answered, act, packets.get(work.ticket.id), rules, now)
      }),
    hearCustomer: (act) =>
      onTicket({ ticketId: act.ticketId }, (work, now) => {
        const said = apply(work, answeredByCustomer(work, act.person.id, act.text), now)
        if (work.ticket.status === 'waiting' && said.ticket.status !== 'waiting') return { kind: 'work', work: goOn(said, now) }
        if (work.ticket.resolution !== 'unanswered') return { kind: 'work', work: said }
        const again = reopenedBy(said, act.person.id, 'The customer answered.')
        return again.kind === 'illegal' ? again : { kind: 'work', work: begin(apply(said, again.changes, now), now) }
      }),
    isolate: (act) => contain(act, 'isolate-host'),
    release: (act) => contain(act, 'release-host'),
    leave: (act) =>
      onTicket(act, (work, now) => {
        if (work.ticket.containment !== 'asked') return nobodyAsks
        return { kind: 'work', work: answering(work, decided(work, act.person.id, 'leave', act.reason, now), act.person, now) }
      }),
    isolateEndpoint: (act) => onEndpoint(act, 'isolate-host'),
    releaseEndpoint: (act) => onEndpoint(act, 'release-host'),
    replan: createReplan({ store, rules, time, turns, afterCommit }),
  }
}

type Verb = 'isolate-host' | 'release-host'

/** Longer than anybody plans. */
const longestWaitMs = days(400)

function whyNotWait({ waitingFor, until }: { waitingFor: WaitingFor; until: number | null }, now: number) {
  const isTimed = waitingFor === 'appointment' || waitingFor === 'window'
  if (!isTimed && until === null) return undefined
  if (!isTimed) return { kind: 'refused', reason: `A ${waitingFor} is waited for until they answer: leave the time out.` } as const
  const isWithin = until !== null && until > now && until <= now + longestWaitMs
  return isWithin ? undefined : ({ kind: 'refused', reason: 'Say until when: an instant to come, within 400 days.' } as const)
}

const nobodyAsks = { kind: 'refused', reason: 'Nobody asks whether to isolate this machine.' } as const

function whyNot(verb: Verb, subject: Subject): { kind: 'refused'; reason: string } | undefined {
  if (!subject.endpoint) return { kind: 'refused', reason: 'This ticket is about no machine.' }
  if (verb === 'isolate-host' && isContained(subject)) return { kind: 'refused', reason: 'This machine is isolated, or about to be.' }
  const isOpenNow = (subject.isolation?.desired ?? 'open') === 'open' && (subject.isolation?.actual ?? 'open') === 'open'
  return verb === 'release-host' && isOpenNow ? { kind: 'refused', reason: 'This machine is not isolated.' } : undefined
}

/** The decoys were touched to open this ticket; whoever ends it wants them to watch again. */
const armsAgain = ({ ticket, subject }: TicketCase): boolean => ticket.kind === 'security.ransomware.canary' && subject.endpoint !== null

async function subjectOf(tx: Tx, endpointId: string): Promise<Subject | undefined> {
  return (await loadSubjects(tx, [{ endpoint_id: endpointId, organisation_id: '' }])).of({ endpoint_id: endpointId, organisation_id: '' })
}

/** A person's request takes the way of a signal: the matrix decides, not who asks. */
async function openTicket(tx: Tx, opening: Opening, { matrix, circumstancesOf }: Rules, now: number): Promise<TicketCase> {
  const from = { endpoint_id: opening.endpointId ?? null, organisation_id: opening.organisationId }
  const subject = (await loadSubjects(tx, [from])).of(from)
  if (subject?.organisation.id !== opening.organisationId) throw new Fault('subject-unknown', 'This organisation has no such machine.')
  const id = randomUUIDv7()
  const trouble = requestOf(opening, id)
  const rule = match(matrix, trouble, subject)
  const found = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, now))
  const ticket = draftTicket(trouble, subject, { id, number: await nextTicketNumber(tx), sourceId: null }, now)
  const entering = [opened(trouble, opening.person.id), ...(opening.text === '' ? [] : [said(opening)])]
  const entered = entering.reduce((work, changes) => apply(work, changes, now), caseOf(ticket, subject, [], true))
  const prioritised = apply(entered, decidePriority(entered, found, false), now)
  const decision = route(matrix, rule, found.priority, trouble, subject)
  return apply(prioritised, decideRoute(prioritised, decision, found.reasons, matrix, false, now), now)
}

/** What the person wrote is theirs, and no answer yet. */
const said = ({ text, person }: Opening): Changes => ({ entries: [{ kind: 'commented', actor: person.id, body: { text } }] })

const severityOf = { high: 'high', medium: 'medium', low: 'low' } as const

const requestOf = ({ title, text, urgency, affects = 'me' }: Opening, id: string): Trouble => ({
  ...{ signalId: id, kind: 'request.desk', severity: severityOf[urgency], state: 'happened', fingerprint: `request:${id}` },
  ...{ summary: title, text, facts: { affects }, ageMs: 0, happenedAt: null, source: 'person', urgency },
})
