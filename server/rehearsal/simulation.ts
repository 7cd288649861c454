import { isOpen } from '#shared/domain/ticket.ts'
import { days } from '#shared/domain/time.ts'
import { latelyMs } from '../command/brakes.ts'
import type { LoneIsolation } from '../command/contain.ts'
import { releaseBy } from '../correlate/children.ts'
import { correlationKey } from '../correlate/correlate.ts'
import { type Acting, acknowledge, answering, type Decided, hearCustomer, resolve, wait } from '../desk/acts.ts'
import { asksUnder, released, standing } from '../desk/children.ts'
import { escalate } from '../desk/hops.ts'
import { requested } from '../desk/requests.ts'
import { fireDue, isolatedBy } from '../due/due.ts'
import { type Calendar, type Opening, officeCalendar } from '../escalate/calendar.ts'
import { ledgerOf, type Named } from '../escalate/ledger.ts'
import { calendarNamed, timeZoneOf } from '../escalate/promise.ts'
import { createDayOf, factsOf } from '../figures/facts.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import { actForAll } from '../pipeline/for-all.ts'
import { hasChanged, type Rules } from '../pipeline/keep.ts'
import { decide } from '../pipeline/pipeline.ts'
import type { SignalRow } from '../pipeline/world.ts'
import { worldOf } from '../pipeline/world.ts'
import { isPagingTicket } from '../route/route.ts'
import { type Arrival, arrivalsOf } from '../simulate/arrivals.ts'
import { assemble } from '../simulate/crews.ts'
import { createFleet } from '../simulate/fleet.ts'
import type { Crew, Load } from '../simulate/load.ts'
import type { Deciding, Simulated } from '../simulate/scene.ts'
import { simulate } from '../simulate/simulate.ts'
import { createBook } from '../suppress/book.ts'
import { nothingSuppressed } from '../suppress/suppress.ts'
import { createGatherings } from './gatherings.ts'
import { remember } from './memory.ts'
import { fleetOf } from './rehearsed-desk.ts'

/*
 * A desk's days over memory: hands the simulator the very functions that decide on a collector.
 */

export interface Plan {
  rules: Rules
  load: Load
  crews: readonly Crew[]
  seed: number
  days: number
  /** What came to a real desk, instead of what the load describes; time begins where it does. */
  recorded?: { from: number; arrivals: readonly Arrival[] } | undefined
}

/** The same plan gives the same run. */
export function runSimulation({ rules, load, crews, seed, days: count, recorded }: Plan): Simulated {
  const begins = beginningOf(load, recorded?.from)
  const [from, until] = [begins.epochMilliseconds, begins.add({ days: count }).epochMilliseconds]
  const openingsOf = (crew: Crew): Opening[] => openingsIn(crew, load.timeZone, from, until)
  const assembled = assemble(crews, { tierOf: rules.matrix.tierOf, openingsOf })
  const arrivals = recorded?.arrivals ?? arrivalsOf(load, seed, from, until)
  return simulate(
    { from, until, arrivals, crews: assembled, load },
    decidingBy(rules, recorded ? machinesOf(recorded.arrivals) : createFleet(load).all),
  )
}

/** Those that anything came from. */
const machinesOf = (arrivals: readonly Arrival[]): Subject[] => [
  ...new Map(arrivals.flatMap(({ subject }) => (subject.endpoint ? [[subject.endpoint.id, subject] as const] : []))).values(),
]

export const beginningOf = ({ startsOn, timeZone }: Pick<Load, 'startsOn' | 'timeZone'>, from?: number): Temporal.ZonedDateTime =>
  from === undefined
    ? Temporal.PlainDate.from(startsOn).toZonedDateTime(timeZone)
    : Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(timeZone)

/** Hours that end before they begin end on the next day. */
function openingsIn({ days: on, from: opens, to: closes }: Crew, timeZone: string, from: number, until: number): Opening[] {
  const hours = (part: { from: string; to: string }): Opening[] =>
    officeCalendar({ days: [...on], ...part, holidays: [] }, timeZone).openings(from, until)
  if (closes > opens) return hours({ from: opens, to: closes })
  const evenings = officeCalendar({ days: [...on], from: opens, to: '24:00', holidays: [] }, timeZone)
  return evenings.openings(from - days(1), until).flatMap(({ opensAt }) => night(opensAt, closes, timeZone, from, until))
}

function night(opensAt: number, closes: string, timeZone: string, from: number, until: number): Opening[] {
  const morning = Temporal.Instant.fromEpochMilliseconds(opensAt).toZonedDateTimeISO(timeZone).toPlainDate().add({ days: 1 })
  const closesAt = morning.toZonedDateTime({ timeZone, plainTime: closes }).epochMilliseconds
  const cut = { opensAt: Math.max(from, opensAt), closesAt: Math.min(until, closesAt) }
  return cut.opensAt < cut.closesAt ? [cut] : []
}

/** Lines of packets and notes that nobody reads. */
const note = 'simulated'

function decidingBy(rules: Rules, machines: readonly Subject[]): Deciding {
  const lately: LoneIsolation[] = []
  const sinceMs = latelyMs(rules.matrix)
  const calendarOf = calendarsOf(rules)
  const dayOf = createDayOf()
  const acting = (id: string, now: number): Acting => ({ person: { id }, rules, now })
  let [number, timers, made] = [0, 0, 0]
  const newId = (): string => `simulated-${++made}`
  const open = new Map<string, TicketCase>()
  const gatherings = createGatherings({ caseOf: (id) => open.get(id), ...fleetOf(machines) })
  /** What was isolated without a person, as long as it counts. */
  const alone = (now: number): LoneIsolation[] => {
    while (lately[0] && lately[0].at <= now - sinceMs) lately.shift()
    return lately
  }
  const worldFor = (signal: SignalRow, subject: Subject, earlier: TicketCase | undefined, now: number) => {
    const about = earlier && { ...earlier, subject }
    const isKnown = about !== undefined && isOpen(about.ticket.status)
    const openers = isKnown || signal.state === 'cleared' ? [] : [{ kind: signal.kind, subject, sourceId: signal.source_id }]
    const parents = isKnown && about.ticket.parent_id !== null ? [about.ticket.parent_id] : []
    return worldOf({
      ...{ subjects: { of: () => subject }, cases: about ? [about] : [], isOver: () => false },
      crowds: gatherings.among(openers, parents, rules.matrix, now),
      ...{ suppression: nothingSuppressed, book: createBook(rules.matrix, new Map(), now) },
      lately: alone(now),
      ...{ firstNumber: number + 1, newId, now },
    })
  }
  return {
    signal(signal, subject, earlier, now) {
      gatherings.heard(signal)
      if (signal.state === 'cleared') gatherings.held(correlationKey(signal), null)
      const outcome = decide(worldFor(signal, subject, earlier, now), rules, signal, now)
      if (outcome.kind !== 'ticket') return undefined
      const { work, also = [], suppressed } = outcome
      if (suppressed) gatherings.held(correlationKey(signal), suppressed.id)
      for (const each of [work, ...also]) {
        number = Math.max(number, each.ticket.number)
        lately.push(...isolatedBy(each, now))
      }
      return { work, also: also.filter(hasChanged) }
    },
    request: (request, subject, now) => requested(request, subject, { id: newId(), number: ++number }, rules, now),
    acknowledge: (work, personId, now) => done(acknowledge(work, acting(personId, now))),
    askCustomer: (work, personId, now) => done(wait(work, { waitingFor: 'customer', until: null, note }, acting(personId, now))),
    hearCustomer: (work, now) => done(hearCustomer(work, note, acting('requester', now))),
    // Whoever has worked on what is over others ends all of them.
    resolve: (work, personId, now) =>
      work.ticket.gathers !== null
        ? done(actForAll(answering(work, {}, acting(personId, now)), closing(work, personId), now))
        : done(resolve(work, { resolution: 'fixed', note }, acting(personId, now))),
    escalate(work, personId, reason, now) {
      const act = { reason, tried: note, hypothesis: '', person: { id: personId }, mayLeaveSecurity: true }
      const decided = escalate(work, act, undefined, rules, now)
      return decided.kind === 'work' ? decided.work : undefined
    },
    fire(work, due, staff, now) {
      const under = asksUnder(work, due) ? gatherings.underOf(work.ticket, now - rules.matrix.gathering.storm.calm.for) : undefined
      const firing = { rules, staff, packet: undefined, lately: under?.lately, isInStorm: gatherings.isInStorm(work.ticket) }
      const fired = fireDue(standing(work, under), due, { ...firing, alone: alone(now) }, now)
      lately.push(...isolatedBy(fired, now))
      return fired
    },
    remember(decided, now) {
      const { work, entries } = remember(decided, rules, now, () => `timer-${++timers}`)
      if (isOpen(work.ticket.status)) open.set(work.ticket.id, work)
      else open.delete(work.ticket.id)
      gatherings.took(work.ticket)
      const release = releaseBy(decided)
      const theirs = release ? gatherings.childrenOf(release.parentId).map((child) => released(child, release, rules, now)) : []
      return { work, entries, released: theirs }
    },
    isPaging: (work) => isPagingTicket(rules.at(work.ticket.matrix_version), work),
    factsOf: (entries, subject, now) => {
      const told = { id: '', organisationId: subject.organisation.id, timeZone: timeZoneOf(subject), entries }
      return factsOf({ ...told, ledger: ledgerOf(entries, calendarOf, now) }, dayOf)
    },
  }
}

const closing = ({ ticket: { id: ticketId, version } }: TicketCase, personId: string) =>
  ({ ticketId, version, person: { id: personId, name: '' }, act: 'close', resolution: 'fixed', note }) as const

/** The simulator does nothing that a desk would refuse. */
function done(decided: Decided): TicketCase {
  if (decided.kind === 'work') return decided.work
  throw new TypeError(`the simulator did what can't be done: ${JSON.stringify(decided)}`)
}

/** Each is made once. */
function calendarsOf({ at }: Rules): (named: Named) => Calendar {
  const made = new Map<string, Calendar>()
  return ({ calendar, timeZone, matrixVersion }) => {
    const key = `${matrixVersion} ${calendar} ${timeZone}`
    const known = made.get(key) ?? calendarNamed(at(matrixVersion), calendar, timeZone)
    made.set(key, known)
    return known
  }
}
