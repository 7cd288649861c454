import { randomUUIDv7 } from 'node:crypto'
import { days } from '#shared/domain/time.ts'
import { type LoneIsolation, latelyMs } from '../command/contain.ts'
import { type Acting, acknowledge, type Decided, hearCustomer, resolve, wait } from '../desk/acts.ts'
import { escalate } from '../desk/hops.ts'
import { requested } from '../desk/requests.ts'
import { fireDue } from '../due/due.ts'
import { type Calendar, type Opening, officeCalendar } from '../escalate/calendar.ts'
import { ledgerOf, type Named } from '../escalate/ledger.ts'
import { calendarNamed, timeZoneOf } from '../escalate/promise.ts'
import { createDayOf, factsOf } from '../figures/facts.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { decide } from '../pipeline/pipeline.ts'
import { alone, type View } from '../pipeline/world.ts'
import { isPagingTicket } from '../route/route.ts'
import { type Arrival, arrivalsOf } from '../simulate/arrivals.ts'
import { assemble } from '../simulate/crews.ts'
import type { Crew, Load } from '../simulate/load.ts'
import { type Deciding, type Simulated, simulate } from '../simulate/simulate.ts'
import { nothingSuppressed } from '../suppress/suppress.ts'
import { remember } from './memory.ts'

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
  return simulate({ from, until, arrivals, crews: assembled, load }, decidingBy(rules))
}

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

function decidingBy(rules: Rules): Deciding {
  const lately: LoneIsolation[] = []
  const sinceMs = latelyMs(rules.matrix)
  const calendarOf = calendarsOf(rules)
  const dayOf = createDayOf()
  const acting = (id: string, now: number): Acting => ({ person: { id }, rules, now })
  let [number, timers] = [0, 0]
  const viewOf = (subject: Subject, earlier: TicketCase | undefined): View => ({
    subjectOf: () => subject,
    earlier: () => (earlier && earlier.subject !== subject ? { ...earlier, subject } : earlier),
    isOver: () => false,
    nextNumber: number + 1,
    lately,
    suppression: nothingSuppressed,
    // A simulated desk is of tickets that come one by one.
    ...alone,
  })
  return {
    signal(signal, subject, earlier, now) {
      while (lately[0] && lately[0].at <= now - sinceMs) lately.shift()
      const outcome = decide(viewOf(subject, earlier), rules, signal, now)
      if (outcome.kind !== 'ticket') return undefined
      const { work } = outcome
      number = Math.max(number, work.ticket.number)
      if (work.orders.some(({ verb }) => verb === 'isolate-host')) lately.push(isolationOf(work, now))
      return work
    },
    request: (request, subject, now) => requested(request, subject, { id: randomUUIDv7(), number: ++number }, rules, now),
    acknowledge: (work, personId, now) => done(acknowledge(work, acting(personId, now))),
    askCustomer: (work, personId, now) => done(wait(work, { waitingFor: 'customer', until: null, note }, acting(personId, now))),
    hearCustomer: (work, now) => done(hearCustomer(work, note, acting('requester', now))),
    resolve: (work, personId, now) => done(resolve(work, { resolution: 'fixed', note }, acting(personId, now))),
    escalate(work, personId, reason, now) {
      const act = { reason, tried: note, hypothesis: '', person: { id: personId }, mayLeaveSecurity: true }
      const decided = escalate(work, act, undefined, rules, now)
      return decided.kind === 'work' ? decided.work : undefined
    },
    fire: (work, due, staff, now) => fireDue(work, due, { rules, staff, packet: undefined }, now),
    remember: (work, now) => remember(work, rules, now, () => `timer-${++timers}`),
    isPaging: (work) => isPagingTicket(rules.at(work.ticket.matrix_version), work),
    factsOf: (entries, subject, now) => {
      const told = { id: '', organisationId: subject.organisation.id, timeZone: timeZoneOf(subject), entries }
      return factsOf({ ...told, ledger: ledgerOf(entries, calendarOf, now) }, dayOf)
    },
  }
}

/** The simulator does nothing that a desk would refuse. */
function done(decided: Decided): TicketCase {
  if (decided.kind === 'work') return decided.work
  throw new TypeError(`the simulator did what can't be done: ${JSON.stringify(decided)}`)
}

const isolationOf = ({ subject: { endpoint, site, organisation } }: TicketCase, at: number): LoneIsolation => ({
  ...{ endpointId: endpoint?.id ?? '', siteId: site?.id ?? null, organisationId: organisation.id, at },
})

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
