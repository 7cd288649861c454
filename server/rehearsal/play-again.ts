import { isOpen } from '#shared/domain/ticket.ts'
import { latelyMs } from '../command/brakes.ts'
import type { LoneIsolation } from '../command/contain.ts'
import { type Release, releaseBy } from '../correlate/children.ts'
import { correlationKey } from '../correlate/correlate.ts'
import { putBack } from '../desk/absences.ts'
import { asksUnder, released, standing } from '../desk/children.ts'
import { planned } from '../desk/replan.ts'
import { keyIn, requested } from '../desk/requests.ts'
import { fireDue, isolatedBy } from '../due/due.ts'
import { inWindowAgain } from '../due/maintenance.ts'
import type { Staff } from '../escalate/crew.ts'
import type { Firing } from '../escalate/fire.ts'
import { asFoundFingerprint } from '../onboard/onboard.ts'
import type { Paging } from '../page/page.ts'
import { decideCalls, lookAt, needsOf } from '../pipeline/attend.ts'
import { apply, type Entry, type Subject, type TicketCase, type Timer } from '../pipeline/changes.ts'
import { hasChanged, type Rules, readRules } from '../pipeline/keep.ts'
import { memoryMs } from '../pipeline/load.ts'
import { decide } from '../pipeline/pipeline.ts'
import { followUps } from '../pipeline/tasks.ts'
import { memoryOf } from '../pipeline/work.ts'
import { newestPerTrouble, type SignalRow, type World, worldOf } from '../pipeline/world.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { createBook } from '../suppress/book.ts'
import { armKey, nothingSuppressed } from '../suppress/suppress.ts'
import { type Difference, differencesOf, type PlayedTicket } from './differences.ts'
import { createGatherings } from './gatherings.ts'
import { type Happening, type History, openedThen, type ToldSignal, type ToldTicket, taskThen } from './history.ts'
import { actIn, isHeldAnswer, isNoted, requestIn } from './history-acts.ts'
import { remember } from './memory.ts'
import { act, isAnsweredForAll, isReleased, taken } from './played-acts.ts'
import { linked } from './problems-again.ts'

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

export function playAgain(history: History): PlayedAgain {
  const memory = createMemory(history)
  for (const happening of history.happenings) memory.play(happening)
  memory.link()
  const told = [...history.tickets.values()].filter(({ entries }) => entries.some(({ kind }) => kind === 'opened'))
  const compared = told.map((ticket) => ({ told: ticket, differences: differencesOf(ticket, playedOf(memory.of(ticket.ticket.id))) }))
  return {
    differing: compared.filter(({ differences }) => differences.length > 0),
    tickets: told.length,
    decisions: told.reduce((sum, { entries, timers }) => sum + entries.length + timers.length, 0),
  }
}

const playedOf = (kept: Remembered | undefined): PlayedTicket | undefined => kept && { ...kept, ticket: kept.work.ticket }

interface Remembered {
  work: TicketCase
  entries: Entry[]
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
  const nameThen = openedThen(history)
  const releases = new Map<string, Release>()
  let [timers, lastNumber, heard] = [0, 0, 0]

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
  const gatherings = createGatherings({ caseOf: current, ...history.fleet })
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
      gatherings.took(after.ticket)
      const release = releaseBy(work)
      if (release) releases.set(release.parentId, release)
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
    for (; (history.heard[heard]?.received_at ?? now + 1) <= now; heard += 1) gatherings.heard(history.heard[heard] ?? nobody)
    const rows = signals.map(({ row }) => row)
    for (const row of rows) states.set(correlationKey(row), row.state)
    const world = worldFor(rows, rules, now)
    for (const row of rows) {
      if (row.state === 'cleared') gatherings.held(correlationKey(row), null)
      const outcome = decide(world, rules, row, now)
      world.take(row, outcome)
      if (outcome.kind === 'ticket' && outcome.suppressed) gatherings.held(correlationKey(row), outcome.suppressed.id)
    }
    keep(world.cases, rules, now)
  }
  const worldFor = (rows: readonly SignalRow[], rules: Rules, now: number): World => {
    const keys = new Set(rows.map(correlationKey))
    const recent = [...kept.values()]
      .map(({ work }) => work.ticket)
      .filter(({ resolved_at }) => resolved_at === null || resolved_at > now - memoryMs)
    const isTheirs = (ticket: TicketsTable): boolean =>
      keys.has(correlationKey(ticket)) || (ticket.fingerprint === asFoundFingerprint && ticket.resolved_at === null)
    const theirs = newestPerTrouble(recent.filter(isTheirs)).flatMap(({ id }) => current(id) ?? [])
    const open = new Map(theirs.filter(({ ticket }) => isOpen(ticket.status)).map((work) => [correlationKey(work.ticket), work]))
    const openers = rows.flatMap((row) => {
      const subject = row.state === 'cleared' || open.has(correlationKey(row)) ? undefined : subjectOf(row)
      return subject ? [{ kind: row.kind, subject, sourceId: row.source_id }] : []
    })
    const parentIds = new Set([...open.values()].flatMap(({ ticket }) => ticket.parent_id ?? []))
    const since = now - latelyMs(rules.matrix)
    return worldOf({
      subjects: { of: subjectOf },
      cases: theirs,
      crowds: gatherings.among(openers, [...parentIds], rules.matrix, now),
      lately: lately.filter(({ at }) => at > since),
      isOver: (signal) => signal.state === 'raised' && states.get(correlationKey(signal)) === 'cleared',
      // What waited or was spared is left out, and what was decided anew later comes then.
      suppression: { ...nothingSuppressed, disarmed: disarmedAt(now) },
      book: createBook(rules.matrix, new Map(), now),
      firstNumber: lastNumber + 1,
      // What was called by chance is called as it was.
      newId: (of, fingerprint) => nameThen(of, fingerprint, now) ?? `again-${now}-${fingerprint}`,
      now,
    })
  }
  const playTimers = ({ due, leavers }: Extract<Happening, { kind: 'timers' }>, rules: Rules, now: number): void => {
    const left = [...kept.values()].filter(
      ({ work: { ticket } }) => leavers.some(({ personId }) => personId === ticket.owner_id) && ticket.resolved_at === null,
    )
    const alone = lately.filter(({ at }) => at > now - latelyMs(rules.matrix))
    const ids = new Set([...due.keys(), ...left.map(({ work }) => work.ticket.id)])
    const cases = [...ids].flatMap((id): TicketCase[] => {
      const work = current(id)
      if (!work) return []
      const wanted = due.get(id) ?? []
      const isDue = (timer: Timer): boolean => wanted.some(({ kind, dueAt }) => kind === timer.kind && dueAt === timer.dueAt)
      const rest = { ...work, timers: work.timers.filter((timer) => !isDue(timer)), isChanged: true }
      const packet = packetAt(history.tickets.get(id), now)
      const fires = work.timers.filter(isDue)
      const under = asksUnder(work, fires) ? gatherings.underOf(work.ticket, now - rules.matrix.gathering.storm.calm.for) : undefined
      const firing = { rules, staff, packet, lately: under?.lately, isInStorm: gatherings.isInStorm(work.ticket), alone }
      const fired = fireDue(standing(rest, under), fires, firing, now)
      alone.push(...isolatedBy(fired, now))
      return [apply(fired, putBack(work, leavers), now)]
    })
    keep(cases, rules, now)
  }
  const playWritten = ({ ticketId, entries }: Extract<Happening, { kind: 'written' }>, rules: Rules, now: number): void => {
    const work = current(ticketId)
    const known = kept.get(ticketId)
    const noted = entries.filter(isNoted)
    if (known && noted.length > 0) kept.set(ticketId, { ...known, entries: [...known.entries, ...noted] })
    // It was kept with what it follows from.
    if (work?.ticket.task && entries.some(({ kind }) => kind === 'opened')) return
    const after = work ? afterLines(work, entries, rules, now) : opened(ticketId, entries, rules, now)
    if (after) keep([after], rules, now)
  }
  const afterLines = (work: TicketCase, entries: readonly Entry[], rules: Rules, now: number): TicketCase | undefined => {
    const ends = entries.filter(({ kind }) => kind === 'command-settled' || kind === 'command-held')
    for (const { body } of ends) settle(work.subject, body)
    const settled = ends.filter((entry) => !isHeldAnswer(entry))
    if (settled.length > 0) return apply(work, { entries: settled.map(({ kind, actor, body }) => ({ kind, actor, body })) }, now)
    if (isReplanned(entries, work)) return planned(work, rules, now)
    const inWindow = inWindowAgain(work, entries, rules, now)
    if (inWindow) return inWindow
    const release = releases.get(work.ticket.parent_id ?? '')
    if (release && isReleased(entries)) return released(work, release, rules, now)
    const told = actIn(entries)
    if (!told) return undefined
    const acting = { person: { id: told.personId }, rules, now }
    const isForAll = isAnsweredForAll(history.tickets.get(work.ticket.parent_id ?? '')?.entries, told.personId, now)
    const done = act(taken(work, entries, told.personId, rules, now), told.act, acting, rules, isForAll)
    return done.kind === 'work' ? done.work : undefined
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
    /** Incidents name their problems. */
    link(): void {
      const tickets = [...kept.values()].map(({ work }) => work.ticket)
      const { matrix } = rulesOf(Number.POSITIVE_INFINITY)
      for (const [id, problemId] of linked(tickets, (problem) => kindOfIncidents(history, problem), matrix)) {
        const each = kept.get(id)
        if (each) kept.set(id, { ...each, work: { ...each.work, ticket: { ...each.work.ticket, problem_id: problemId } } })
      }
    },
    play(happening: Happening): void {
      const { at } = happening
      const rules = rulesOf(at)
      if (happening.kind === 'signals') playSignals(happening.signals, rules, at)
      else if (happening.kind === 'timers') playTimers(happening, rules, at)
      else playWritten(happening, rules, at)
    },
  }
}

/** Of which kind its incidents are, as the signal said that raised it. */
const kindOfIncidents = ({ tickets }: History, { id }: TicketsTable): string => tickets.get(id)?.incidents ?? ''

const nobody: History['heard'][number] = { endpoint_id: null, source_id: null, received_at: 0, age_ms: 0 }

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

const packetAt = (told: ToldTicket | undefined, at: number) =>
  told?.entries.find((entry) => entry.at === at && entry.kind === 'escalated')?.body.packet as Firing['packet']
