import { type LoneIsolation, latelyMs } from '../command/contain.ts'
import { ordered } from '../command/order.ts'
import { correlationKey } from '../correlate/correlate.ts'
import { putBack } from '../desk/absences.ts'
import { type Acting, acknowledge, answering, comment, type Decided, hearCustomer, reopen, resolve, resume, wait } from '../desk/acts.ts'
import { escalate } from '../desk/hops.ts'
import { planned } from '../desk/replan.ts'
import { keyIn, requested } from '../desk/requests.ts'
import { fireDue } from '../due/due.ts'
import { inWindowAgain } from '../due/maintenance.ts'
import type { Staff } from '../escalate/crew.ts'
import { asFoundFingerprint } from '../onboard/onboard.ts'
import type { Paging } from '../page/page.ts'
import { decideCalls, lookAt, needsOf } from '../pipeline/attend.ts'
import { apply, type Entry, type Subject, type TicketCase, type Timer } from '../pipeline/changes.ts'
import { hasChanged, type Rules, readRules } from '../pipeline/keep.ts'
import { memoryMs } from '../pipeline/load.ts'
import { decide } from '../pipeline/pipeline.ts'
import { followUps } from '../pipeline/tasks.ts'
import { memoryOf } from '../pipeline/work.ts'
import { newestPerTrouble, type SignalRow, worldOf } from '../pipeline/world.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { createBook } from '../suppress/book.ts'
import { armKey, nothingSuppressed } from '../suppress/suppress.ts'
import { causeNamed, decided } from '../ticket/acts.ts'
import { type Happening, type History, type ToldSignal, type ToldTicket, taskThen } from './history.ts'
import { actIn, reported, requestIn, type ToldAct } from './history-acts.ts'
import { remember } from './memory.ts'

/*
 * Recorded events, played once more over memory by the functions that decided: signals in their rounds, what people did,
 * timers that fired. Leaves: what is decided now, beside what was. Who works, whom it is about and how people are reached
 * are taken as they are known now; a packet, which is evidence, as it was.
 */

export interface PlayedAgain {
  /** Tickets on which something was decided otherwise. */
  differing: { told: ToldTicket; differences: Difference[] }[]
  tickets: number
  decisions: number
}

export interface Difference {
  what: string
  was: string | undefined
  is: string | undefined
}

export function playAgain(history: History): PlayedAgain {
  const memory = createMemory(history)
  for (const happening of history.happenings) memory.play(happening)
  const told = [...history.tickets.values()].filter(({ entries }) => entries.some(({ kind }) => kind === 'opened'))
  const compared = told.map((ticket) => ({ told: ticket, differences: differencesOf(ticket, memory.of(ticket.ticket.id)) }))
  return {
    differing: compared.filter(({ differences }) => differences.length > 0),
    tickets: told.length,
    decisions: told.reduce((sum, { entries, timers }) => sum + entries.length + timers.length, 0),
  }
}

interface Remembered {
  work: TicketCase
  entries: Entry[]
  /** Every timer that was ever planned: "kind due". */
  planned: string[]
}

function createMemory(history: History) {
  const kept = new Map<string, Remembered>()
  const pagings = new Map<string, Paging>()
  const lately: LoneIsolation[] = []
  const isolations = new Map<string, NonNullable<Subject['isolation']>>()
  const states = new Map<string, SignalRow['state']>()
  const rulesOf = rulesThen(history)
  const staff: Staff[] = history.roster.members.map(({ id, teams, isAdmin, organisationId }) => ({ id, teams, isAdmin, organisationId }))
  let [timers, lastNumber] = [0, 0]

  const subjectOf = (of: Parameters<History['subjects']['of']>[0]): Subject | undefined => {
    const subject = history.subjects.of(of)
    const requester = 'requester_id' in of ? history.requesters.get(String(of.requester_id)) : undefined
    return subject && { ...subject, ...(requester && { requester }), isolation: isolations.get(subject.endpoint?.id ?? '') ?? null }
  }
  const current = (id: string): TicketCase | undefined => {
    const known = kept.get(id)?.work
    const subject = known && subjectOf(known.ticket)
    return known && subject ? { ...known, subject } : undefined
  }
  /** As keepCases does: who shall have it, whom to call, and that something is due. */
  const keep = (cases: readonly TicketCase[], rules: Rules, now: number): void => {
    for (const work of attended(cases.filter(hasChanged), rules, now)) {
      const { work: after, entries } = remember(work, rules, now, () => `again-${++timers}`)
      const before = kept.get(work.ticket.id) ?? { work: after, entries: [], planned: [] }
      const planned = after.timers.filter(({ id }) => id?.startsWith('again-') && !before.work.timers.some((timer) => timer.id === id))
      const isNew = !kept.has(work.ticket.id)
      const fresh = isNew ? after.timers : planned
      kept.set(work.ticket.id, {
        work: after,
        entries: [...before.entries, ...entries],
        planned: [...before.planned, ...fresh.map(({ kind, dueAt }) => `${kind} ${dueAt}`)],
      })
      lastNumber = Math.max(lastNumber, after.ticket.number)
      for (const { verb, requestedBy } of work.orders) order(work.subject, verb, requestedBy, now)
    }
    const tasks = followUps(cases, { ...history, known: openTasks(), number: lastNumber + 1, idOf: taskThen(history, now) }, rules, now)
    if (tasks.length > 0) keep(tasks, rules, now)
  }
  const openTasks = (): TicketCase[] =>
    [...kept.values()].flatMap(({ work: { ticket } }) =>
      ticket.task !== null && ticket.resolved_at === null ? (current(ticket.id) ?? []) : [],
    )
  const attended = (cases: readonly TicketCase[], rules: Rules, now: number): readonly TicketCase[] => {
    const needs = needsOf(rules, cases)
    if (!needs || history.roster.members.length === 0) return cases
    const roster = { ...history.roster, passesTo: (team: string) => rules.matrix.teams[team]?.passesTo }
    const work = memoryOf([...kept.values()].map(({ work: { ticket } }) => ticket))
    const seen = lookAt(cases, needs, { rules, roster, pagings, work, isQuiet: () => false, now })
    for (const { step } of seen.wanted) if (step?.paging) pagings.set(step.paging.ticket_id, step.paging)
    return decideCalls(seen, history.reach).cases
  }
  const order = ({ endpoint, site, organisation }: Subject, verb: string, requestedBy: string, at: number): void => {
    if (!endpoint) return
    const before = isolations.get(endpoint.id) ?? { desired: 'open', actual: 'open', isOnItsWay: false }
    if (verb === 'isolate-host') isolations.set(endpoint.id, { ...before, desired: 'isolated', isOnItsWay: true })
    if (verb === 'release-host') isolations.set(endpoint.id, { ...before, desired: 'open' })
    if (verb === 'isolate-host' && requestedBy === 'system')
      lately.push({ endpointId: endpoint.id, siteId: site?.id ?? null, organisationId: organisation.id, at })
  }

  const disarmedAt = (at: number): Set<string> => {
    const then = history.disarmed.filter(({ disarmed_at, armed_at }) => disarmed_at <= at && (armed_at === null || armed_at > at))
    return new Set(then.map(armKey))
  }
  const playSignals = (signals: readonly ToldSignal[], rules: Rules, now: number): void => {
    for (const { row } of signals) states.set(correlationKey(row), row.state)
    const keys = new Set(signals.map(({ row }) => correlationKey(row)))
    const recent = [...kept.values()]
      .map(({ work }) => work.ticket)
      .filter(({ resolved_at }) => resolved_at === null || resolved_at > now - memoryMs)
    const isTheirs = (ticket: TicketsTable): boolean =>
      keys.has(correlationKey(ticket)) || (ticket.fingerprint === asFoundFingerprint && ticket.resolved_at === null)
    const theirs = newestPerTrouble(recent.filter(isTheirs)).flatMap(({ id }) => current(id) ?? [])
    const since = now - latelyMs(rules.matrix)
    const world = worldOf({
      subjects: { of: subjectOf },
      cases: theirs,
      lately: lately.filter(({ at }) => at > since),
      isOver: (signal) => signal.state === 'raised' && states.get(correlationKey(signal)) === 'cleared',
      // What waited or was spared is left out, and what was decided anew later comes then.
      suppression: { ...nothingSuppressed, disarmed: disarmedAt(now) },
      book: createBook(rules.matrix, new Map(), now),
      firstNumber: lastNumber + 1,
      now,
    })
    for (const { row, ticketId } of signals) {
      const outcome = decide(world, rules, row, now)
      // What was called by chance is called as it was.
      const isNamed = 'work' in outcome && outcome.work.isNew && ticketId !== null
      world.take(row, isNamed ? { ...outcome, work: { ...outcome.work, ticket: { ...outcome.work.ticket, id: ticketId } } } : outcome)
    }
    keep(world.cases, rules, now)
  }
  const playTimers = ({ due, leavers }: Extract<Happening, { kind: 'timers' }>, rules: Rules, now: number): void => {
    const left = [...kept.values()].filter(
      ({ work: { ticket } }) => leavers.some(({ personId }) => personId === ticket.owner_id) && ticket.resolved_at === null,
    )
    const ids = new Set([...due.keys(), ...left.map(({ work }) => work.ticket.id)])
    const cases = [...ids].flatMap((id): TicketCase[] => {
      const work = current(id)
      if (!work) return []
      const wanted = due.get(id) ?? []
      const isDue = (timer: Timer): boolean => wanted.some(({ kind, dueAt }) => kind === timer.kind && dueAt === timer.dueAt)
      const rest = { ...work, timers: work.timers.filter((timer) => !isDue(timer)), isChanged: true }
      const packet = packetAt(history.tickets.get(id), now)
      return [apply(fireDue(rest, work.timers.filter(isDue), { rules, staff, packet }, now), putBack(work, leavers), now)]
    })
    keep(cases, rules, now)
  }
  const playWritten = ({ ticketId, entries }: Extract<Happening, { kind: 'written' }>, rules: Rules, now: number): void => {
    const work = current(ticketId)
    // It was kept with what it follows from.
    if (work?.ticket.task && entries.some(({ kind }) => kind === 'opened')) return
    const after = work ? afterLines(work, entries, rules, now) : opened(ticketId, entries, rules, now)
    if (after) keep([after], rules, now)
  }
  const afterLines = (work: TicketCase, entries: readonly Entry[], rules: Rules, now: number): TicketCase | undefined => {
    const settled = entries.filter(({ kind }) => kind === 'command-settled')
    for (const { body } of settled) settle(work.subject, body)
    if (settled.length > 0) return apply(work, { entries: settled.map(({ kind, actor, body }) => ({ kind, actor, body })) }, now)
    if (isReplanned(entries, work)) return planned(work, rules, now)
    const inWindow = inWindowAgain(work, entries, rules, now)
    if (inWindow) return inWindow
    const told = actIn(entries)
    const done = told && act(work, told.act, { person: { id: told.personId }, rules, now }, rules)
    return done?.kind === 'work' ? done.work : undefined
  }
  const settle = ({ endpoint }: Subject, { verb, outcome }: Entry['body']): void => {
    const before = isolations.get(endpoint?.id ?? '')
    if (!endpoint || !before) return
    const actual = outcome !== 'succeeded' ? before.actual : verb === 'isolate-host' ? 'isolated' : 'open'
    isolations.set(endpoint.id, { ...before, actual, isOnItsWay: verb === 'isolate-host' ? false : before.isOnItsWay })
  }
  const opened = (ticketId: string, entries: readonly Entry[], rules: Rules, now: number): TicketCase | undefined => {
    const told = history.tickets.get(ticketId)?.ticket
    const [request, subject] = [requestIn(entries), told && subjectOf(told)]
    if (!request || !told || !subject) return undefined
    const asked = { ...request, isTheirs: subject.requester?.id === request.person.id, key: keyIn(told.fingerprint) }
    return requested(asked, subject, { id: ticketId, number: lastNumber + 1 }, rules, now)
  }
  return {
    of: (id: string): Remembered | undefined => kept.get(id),
    play(happening: Happening): void {
      const { at } = happening
      const rules = rulesOf(at)
      if (happening.kind === 'signals') playSignals(happening.signals, rules, at)
      else if (happening.kind === 'timers') playTimers(happening, rules, at)
      else playWritten(happening, rules, at)
    },
  }
}

/** The matrix that was in force, and those before it. */
function rulesThen({ versions }: History): (at: number) => Rules {
  const byVersion = new Map(versions.map(({ matrix }) => [matrix.version, matrix]))
  const known = new Map<number, Rules>()
  return (at) => {
    const { matrix } = versions.findLast(({ from }) => from <= at) ?? versions[0] ?? {}
    if (!matrix) throw new RangeError('a store without a matrix has no history')
    const rules = known.get(matrix.version) ?? readRules(matrix, (version) => byVersion.get(version))
    known.set(matrix.version, rules)
    return rules
  }
}

/** Somebody let open tickets take over the plan in force. */
const isReplanned = (entries: readonly Entry[], { ticket }: TicketCase): boolean =>
  entries.every(({ kind, actor }) => kind === 'promised' && actor === 'system') &&
  entries.some(({ body }) => body.matrixVersion !== ticket.plan_version)

function act(work: TicketCase, told: ToldAct, acting: Acting, rules: Rules): Decided {
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
    case 'leave':
      return { kind: 'work', work: answering(work, decided(work, person.id, 'leave', told.reason, now), acting) }
    case 'contain': {
      const answer = told.verb === 'isolate-host' ? 'isolate' : 'release'
      const answered = answering(work, decided(work, person.id, answer, told.reason, now), acting)
      return { kind: 'work', work: apply(answered, ordered(told.verb, person.id, told.reason), now) }
    }
  }
}

const packetAt = (told: ToldTicket | undefined, at: number) =>
  told?.entries.find((entry) => entry.at === at && entry.kind === 'escalated')?.body.packet as Parameters<typeof escalate>[2]

function differencesOf(told: ToldTicket, played: Remembered | undefined): Difference[] {
  const [was, is] = [linesOf(told.entries), linesOf(played?.entries ?? [])]
  const [plannedThen, plannedNow] = [told.timers.map(({ kind, due_at }) => `${kind} ${due_at}`).sort(), (played?.planned ?? []).toSorted()]
  return [
    ...unlike('line', was, is),
    ...unlike('timer', plannedThen, plannedNow),
    ...unlike('ticket', [JSON.stringify(told.ticket)], played ? [JSON.stringify(inOrder(played.work.ticket, told.ticket))] : []),
  ]
}

const unlike = (what: string, was: readonly string[], is: readonly string[]): Difference[] =>
  Array.from({ length: Math.max(was.length, is.length) }, (_, at) => ({ what: `${what} ${at + 1}`, was: was[at], is: is[at] })).filter(
    (each) => each.was !== each.is,
  )

/** Byte for byte, but for the ids of commands, which chance makes: each is called by its place, and answers by their verb. */
function linesOf(entries: readonly Entry[]): string[] {
  const names = new Map<unknown, string>()
  return entries
    .filter(({ kind }) => kind === 'command-settled' || !reported.has(kind))
    .map(({ at, kind, actor, body }, place) => {
      if (kind === 'command-requested') names.set(body.verb, `command of line ${place + 1}`)
      return JSON.stringify({ at, kind, actor, body: 'commandId' in body ? { ...body, commandId: names.get(body.verb) ?? '' } : body })
    })
}

const inOrder = <Row extends object>(row: Row, like: Row): Row =>
  Object.fromEntries(Object.keys(like).map((key) => [key, row[key as keyof Row]])) as Row
