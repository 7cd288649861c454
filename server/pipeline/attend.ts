import type { Kysely } from 'kysely'
import { isOpen } from '#shared/domain/ticket.ts'
import { raiseWithin } from '../ingest/handled.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import { type Call, endPages, enqueueCalls, type Look } from '../notify/notify.ts'
import { decidePaging, keepPagings, loadPagings, mayPage, type Paging, type Step } from '../page/page.ts'
import { assignee } from '../people/assign.ts'
import { adminsOf, isAway, leadsOf, type Member, membersOf, type OnCall, onCall, type Roster, rosterFor } from '../people/roster.ts'
import { hearingOf, isPagingTicket } from '../route/route.ts'
import type { Rung, Whom } from '../route/sections/paging.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import { headline } from '../ticket/sentences.ts'
import { apply, type Entry, type TicketCase, type WriteRows } from './changes.ts'
import type { Rules } from './keep.ts'
import { given, namedFor } from './named.ts'
import { loadReach, loadStaff, nobodyInReach, type Reach, type Staff } from './staff.ts'
import { loadWork, type Work } from './work.ts'

/*
 * The last look at what a transaction is about to keep: who shall have each ticket, whom to call, who is reminded. It sees
 * tickets as they will stand, whichever door they came through, so no door can forget it.
 */

export interface Attended {
  cases: readonly TicketCase[]
  /** Keeps what was decided beside the tickets themselves. @returns whether there is something to deliver, to handle. */
  keep(tx: Tx, write: WriteRows): Promise<{ hasCalls: boolean; hasRaised: boolean }>
  /** The owner's name, where it is known. */
  ownerOf(work: TicketCase): string | undefined
}

const unattended = (cases: readonly TicketCase[]): Attended => ({
  cases,
  keep: async () => ({ hasCalls: false, hasRaised: false }),
  ownerOf: () => undefined,
})

const ladderOf = (rules: Rules, work: TicketCase): readonly Rung[] => rules.planOf(work).paging[work.ticket.priority] ?? []

/**
 * Only reads: within the turn that keeps these cases, before its transaction or in it.
 * @param isQuiet what is said of these goes into a notice of its own: nobody is reminded of each.
 * @param staff read before; asked for here, when absent.
 */
export async function attend(
  from: Kysely<Database>,
  rules: Rules,
  cases: readonly TicketCase[],
  isQuiet: (work: TicketCase) => boolean,
  now: number,
  staff?: Staff,
): Promise<Attended> {
  const needs = needsOf(rules, cases)
  if (!needs) return unattended(cases)
  const { roster, reach: ahead, work: workAhead } = staff ?? (await loadStaff(from, rules, now))
  // A collector has an admin; only a desk under test has nobody.
  if (roster.members.length === 0) return unattended(cases)
  const pagings = await loadPagings(from, [...needs.paged])
  const work = workAhead ?? (await loadWork(from, needs.needy))
  const seen = lookAt(cases, needs, { rules, roster, pagings, work, isQuiet, now })
  const reach = seen.isCalling ? (ahead ?? (await loadReach(from, roster))) : nobodyInReach
  return keeping(decideCalls(seen, reach))
}

/** What must be known before anybody can be given or called. */
export interface AttentionNeeds {
  /** May call somebody. */
  mayCall: ReadonlySet<TicketCase>
  /** Their ids, of those whose paging may stand somewhere. */
  paged: ReadonlySet<string>
  needy: readonly TicketCase[]
}

/** undefined: nothing here wants anybody. */
export function needsOf(rules: Rules, cases: readonly TicketCase[]): AttentionNeeds | undefined {
  const mayCall = cases.filter(
    (work) =>
      !isUnder(work) &&
      (mayPage(work, ladderOf(rules, work)) || work.entries.some((entry) => saysWhom(entry) || asks(entry)) || endsPages(work)),
  )
  const needy = cases.filter(needsOwner)
  if (mayCall.length === 0 && needy.length === 0) return undefined
  return { mayCall: new Set(mayCall), paged: new Set(mayCall.flatMap(({ ticket, isNew }) => (isNew ? [] : ticket.id))), needy }
}

/** All that is asked of the store, read. */
export interface Room {
  rules: Rules
  roster: Roster
  pagings: ReadonlyMap<string, Paging>
  work: Work
  isQuiet(work: TicketCase): boolean
  now: number
}

/** Who shall have each ticket, and whom each wants (pure). */
export interface Seen {
  room: Room
  cases: readonly TicketCase[]
  wanted: readonly Wanted[]
  /** Somebody is wanted: it matters how they can be reached. */
  isCalling: boolean
}

export function lookAt(cases: readonly TicketCase[], { mayCall }: AttentionNeeds, room: Room): Seen {
  const wanted: Wanted[] = []
  const attended = cases.map((work) => attendTo(room, work, mayCall.has(work), wanted))
  return { room, cases: attended, wanted, isCalling: wanted.some(({ people }) => people.length > 0) }
}

export interface Called extends Reached {
  cases: readonly TicketCase[]
  seen: Seen
}

/** Whom to call, and what that is on timelines (pure). */
export function decideCalls(seen: Seen, reach: Reach): Called {
  const reached = reachAll(seen, reach)
  const cases = seen.cases.map((work) =>
    reached.entries
      .filter(({ id }) => id === work.ticket.id)
      .reduce((on, { entry }) => apply(on, { entries: [entry] }, seen.room.now), work),
  )
  return { ...reached, cases, seen }
}

function keeping({ cases, calls, troubles, seen }: Called): Attended {
  const { room, wanted } = seen
  const { rules, now } = room
  const nameOf = new Map(room.roster.members.map(({ id, name }) => [id, name]))
  const ownerOf = ({ ticket }: TicketCase): string | undefined => (ticket.owner_id === null ? undefined : nameOf.get(ticket.owner_id))
  const byId = new Map(cases.map((work) => [work.ticket.id, work]))
  return {
    cases,
    ownerOf,
    async keep(tx, { putRows }) {
      const pagings = wanted.flatMap(({ step }) => step?.paging ?? [])
      await keepPagings(tx, putRows, pagings)
      const ended = wanted.flatMap(({ work, step }) => (step?.endsPages ? work.ticket.id : []))
      await endPages(tx, ended, now)
      const looked = calls.map((call) => {
        const work = byId.get(call.work.ticket.id) ?? call.work
        return { ...call, work, look: lookOf(rules, work, ownerOf(work), now) }
      })
      await enqueueCalls(tx, putRows, looked, now)
      for (const trouble of troubles) await raiseWithin(tx, trouble, now)
      return { hasCalls: calls.length > 0, hasRaised: troubles.length > 0 }
    },
  }
}

export const lookOf = ({ at }: Rules, work: TicketCase, owner: string | undefined, now: number): Look => ({
  isPaging: isPagingTicket(at(work.ticket.matrix_version), work),
  headline: headline(work.ticket, now),
  owner,
})

/** Somebody of whom a ticket wants something now. */
interface Wanted {
  work: TicketCase
  event: string
  isPage: boolean
  step?: Step
  entry?: Entry
  /** In the order in which they are tried; each list is one call. */
  people: readonly (readonly Member[])[]
  by: OnCall['by']
}

/** People are called for the ticket over it. */
const isUnder = ({ ticket }: TicketCase): boolean => ticket.parent_id !== null

const routing = new Set<Entry['kind']>(['routed', 'escalated', 'reopened', 'put-back', 'parted'])
const needsOwner = ({ ticket, entries }: TicketCase): boolean =>
  ticket.parent_id === null && ticket.owner_id === null && ticket.status === 'new' && entries.some(({ kind }) => routing.has(kind))

/** The clocks say whom they want to be told. */
const saysWhom = ({ body }: Entry): boolean => typeof body.tell === 'string' && body.tell !== 'requester'
/** A question is for people on call, with its countdown and what happens then; a page that only calls says less. */
const asks = ({ kind }: Entry): boolean => kind === 'containment-asked'
const endsPages = ({ entries }: TicketCase): boolean => entries.some(({ kind }) => kind === 'acknowledged' || kind === 'resolved')

function attendTo(room: Room, before: TicketCase, mayCall: boolean, wanted: Wanted[]): TicketCase {
  const { rules, now, pagings } = room
  const roster = rosterFor(room.roster, before.subject.organisation.id, before.ticket.site_id)
  const work = needsOwner(before) ? assigned(room, roster, before, wanted) : before
  if (!mayCall) return work
  for (const entry of work.entries.filter(saysWhom)) {
    if (isOpen(work.ticket.status) && !room.isQuiet(before)) wanted.push(reminder(roster, work, entry, now))
  }
  for (const entry of work.entries.filter(asks)) {
    const { by, people } = onCall(roster, work.ticket.team, now)
    wanted.push({ work, event: 'ticket.containment-asked', isPage: true, entry, people: [people], by })
  }
  const ladder = ladderOf(rules, work)
  const hears = hearingOf(rules.at(work.ticket.matrix_version), work)
  const hearing = { at: hears === 'page' ? now : rules.owedOf(work).calendar.addWorkingTime(now, 0), isPage: hears !== 'tell-at-opening' }
  const step = decidePaging(work, pagings.get(work.ticket.id), ladder, hearing, now)
  const on = onCall(roster, work.ticket.team, now)
  const people = step.call.flatMap((whom) => called(whom, roster, on, work, now))
  wanted.push({ work, event: step.isPage ? 'ticket.page' : 'ticket.told', isPage: step.isPage, step, people, by: on.by })
  return apply(work, step.changes, now)
}

/** Each list is tried from its front. */
function called(whom: Whom, roster: Roster, on: OnCall, { ticket }: TicketCase, at: number): Member[][] {
  const present = (people: readonly Member[]): Member[][] => people.filter(({ id }) => !isAway(roster, id, at)).map((one) => [one])
  if (whom === 'on-call') return [[...on.people]]
  if (whom === 'second') return [on.people.slice(1)]
  return present(whom === 'team' ? membersOf(roster, ticket.team) : adminsOf(roster))
}

function reminder(roster: Roster, work: TicketCase, entry: Entry, now: number): Wanted {
  const { team, owner_id } = work.ticket
  const on = onCall(roster, team, now)
  const owner = roster.members.filter(({ id }) => id === owner_id && !isAway(roster, id, now))
  const admins = adminsOf(roster)
  const lists: Record<string, Member[][]> = {
    owner: [[...owner, ...on.people]],
    second: [on.people.filter(({ id }) => id !== owner_id)],
    lead: [[...leadsOf(roster, team, now), ...admins]],
    everybody: [...membersOf(roster, team), ...admins].map((one) => [one]),
  }
  const people = lists[String(entry.body.tell)] ?? []
  const isPage = entry.body.page === true
  return { work, event: 'ticket.reminded', isPage, entry, people, by: 'rota' }
}

function assigned({ work, rules, now }: Room, roster: Roster, before: TicketCase, wanted: Wanted[]): TicketCase {
  const skills = rules.matrix.routeNamed(before.ticket.rule)?.skills ?? []
  const known = { load: work.load, history: work.historyOf(before), named: namedFor(before, rules.matrix) }
  const person = assignee(roster, { team: before.ticket.team, skills, ...known }, now)
  if (!person) return before
  work.took(person.id)
  const after = apply(before, { ticket: { owner_id: person.id }, entries: [given(person, before, roster)] }, now)
  // Why it comes to them, where it comes from others.
  const hop = before.entries.findLast(({ kind }) => kind === 'escalated')
  wanted.push({ work: after, event: 'ticket.assigned', isPage: false, ...(hop && { entry: hop }), people: [[person]], by: 'rota' })
  return after
}

interface Reached {
  calls: Omit<Call, 'look'>[]
  entries: { id: string; entry: Omit<Entry, 'at'> }[]
  troubles: OwnTrouble[]
}

/** Whoever can be reached of those who are wanted; one call a person and ticket, and the page is the one. */
function reachAll({ room: { roster }, wanted }: Seen, { ways, isAnybodyTold }: Reach): Reached {
  const calling = wanted.filter(({ people }) => people.length > 0)
  const calls: Reached['calls'] = []
  const entries: Reached['entries'] = []
  const troubles: OwnTrouble[] = []
  for (const { work, event, isPage, step, entry, people, by } of calling.toSorted((a, b) => Number(b.isPage) - Number(a.isPage))) {
    const found = new Map<string, Member>()
    for (const list of people) {
      const next = list.find(({ id }) => ways.has(id) && !found.has(id))
      if (next) found.set(next.id, next)
    }
    const fallen = found.size === 0 && isPage ? everybody(roster, work).filter(({ id }) => ways.has(id)) : []
    const reached = [...found.values(), ...fallen]
    for (const person of reached) {
      const isCalled = calls.some((call) => call.work.ticket.id === work.ticket.id && call.person.id === person.id)
      if (!isCalled) calls.push({ work, person, receiverId: ways.get(person.id) ?? '', event, isPage, ...(entry && { entry }) })
    }
    if (!step?.isWider) continue
    const body = { to: reached.map(({ name }) => name), rung: step.paging?.rung ?? 0, isPage, by }
    if (isPage || reached.length > 0) entries.push({ id: work.ticket.id, entry: { kind: 'paged', actor: 'system', body } })
    const isGap = by !== 'rota' || (reached.length === 0 && isAnybodyTold)
    if (isPage && isGap && !work.ticket.kind.startsWith('system.paging')) troubles.push(gap(work, reached.length))
  }
  return { calls, entries, troubles }
}

const everybody = (roster: Roster, { ticket, subject }: TicketCase): Member[] => {
  const theirs = rosterFor(roster, subject.organisation.id, ticket.site_id)
  return [...new Set([...membersOf(theirs, ticket.team), ...adminsOf(theirs)])]
}

const gap = ({ ticket }: TicketCase, reached: number): OwnTrouble => ({
  ...{ organisationId: ticket.organisation_id, endpointId: null, kind: 'system.paging.nobody', severity: 'critical' },
  fingerprint: `system.paging.nobody:${ticket.team}`,
  summary: reached === 0 ? `Nobody of ${ticket.team} can be paged` : `Nobody of ${ticket.team} is on call: others were paged instead`,
  facts: { ticketId: ticket.id, team: ticket.team },
})
