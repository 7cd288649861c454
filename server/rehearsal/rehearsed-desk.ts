import { isOpen } from '#shared/domain/ticket.ts'
import { latelyMs } from '../command/brakes.ts'
import type { LoneIsolation } from '../command/contain.ts'
import { releaseBy } from '../correlate/children.ts'
import { correlationKey } from '../correlate/correlate.ts'
import { acknowledge } from '../desk/acts.ts'
import { asksUnder, released, standing } from '../desk/children.ts'
import { fireDue } from '../due/due.ts'
import type { Entry, Subject, TicketCase, Timer } from '../pipeline/changes.ts'
import { hasChanged, type Rules } from '../pipeline/keep.ts'
import { decide } from '../pipeline/pipeline.ts'
import { type Outcome, type SignalRow, worldOf } from '../pipeline/world.ts'
import { createAgenda } from '../simulate/agenda.ts'
import { createBook } from '../suppress/book.ts'
import { nothingSuppressed } from '../suppress/suppress.ts'
import { createEvidence } from './evidence.ts'
import { type Among, createGatherings } from './gatherings.ts'
import { remember } from './memory.ts'
import { createPhones, type Phones } from './phones.ts'

/*
 * A desk over memory: the functions that decide on a collector, on a clock that is told. Nothing is written, no machine hears
 * of it. Enters: rules, the machines there are, and what they say when. Leaves: tickets as they stand, and who was called.
 */

export interface RehearsedDesk {
  arrive(signal: SignalRow, isOver: boolean, now: number): Outcome
  /** Fires what is due until then, each at its instant. */
  waitUntil(instant: number): void
  /** Somebody takes these; without ids, all that nobody has taken and that stand alone. */
  acknowledge(instant: number, ticketId?: string): void
  /** As it stands, with its whole timeline. */
  workOf(ticketId: string): TicketCase | undefined
  works(): TicketCase[]
  /** A person changes it, or opens it; undefined: nothing came of it. Whoever ends a ticket lets its machine go. */
  change(ticketId: string, instant: number, act: (work: TicketCase | undefined) => TicketCase | undefined): void
  /** When a machine was isolated without a person; null: it wasn't. */
  isolatedAt(endpointId: string): number | null
  readonly phones: Phones
}

interface Kept {
  work: TicketCase
  entries: Entry[]
}

/** What a desk in memory stands among. */
export interface Around {
  /** As they are without what was isolated here. */
  subjectOf(of: { endpoint_id: string | null; organisation_id: string }): Subject | undefined
  fleet: Pick<Among, 'machines' | 'siteSizes' | 'provider'>
  /** What a ticket is called that opens then; undefined: by its turn. */
  nameOf?(of: Subject, fingerprint: string, now: number): string | undefined
  /** Keys of detectors that isolate nothing alone then. */
  disarmedAt?(now: number): ReadonlySet<string>
  isYoung?(signal: SignalRow, now: number): boolean
  /** What was isolated without a person elsewhere. */
  isolatedElsewhere?: readonly LoneIsolation[]
}

/** @param isStaffed one person is on call for each team, and rings are counted; else nobody is there. */
export function createRehearsedDesk(rules: Rules, machines: readonly Subject[], startsAt: number, isStaffed = false): RehearsedDesk {
  const known = new Map(machines.map((subject) => [subject.endpoint?.id, subject]))
  const subjectOf: Around['subjectOf'] = ({ endpoint_id, organisation_id }) =>
    endpoint_id === null ? overMachines(machines, organisation_id) : known.get(endpoint_id)
  return createDeskAmong(rules, { subjectOf, fleet: fleetOf(machines) }, startsAt, isStaffed)
}

export function createDeskAmong(rules: Rules, around: Around, startsAt: number, isStaffed: boolean): RehearsedDesk {
  const { matrix } = rules
  const kept = new Map<string, Kept>()
  const agenda = createAgenda(startsAt)
  const newest = new Map<string, string>()
  const isolated = new Map<string, number>()
  const lately: LoneIsolation[] = []
  const phones = createPhones(rules, isStaffed)
  let [timers, signals, lastNumber] = [0, 0, 0]

  const subjectOf: Around['subjectOf'] = (of) => {
    const subject = around.subjectOf(of)
    return subject && isolated.has(of.endpoint_id ?? '') ? { ...subject, isolation: onItsWay } : subject
  }
  const caseOf = (id: string): TicketCase | undefined => {
    const work = kept.get(id)?.work
    const subject = work && subjectOf(work.ticket)
    return work && subject ? { ...work, subject } : work
  }
  const gatherings = createGatherings({ caseOf, ...around.fleet })
  const evidence = createEvidence(around)
  const alone = (now: number): LoneIsolation[] =>
    [...(around.isolatedElsewhere ?? []), ...lately].filter(({ at }) => at > now - latelyMs(matrix) && at <= now)

  const keep = (cases: readonly TicketCase[], now: number): void => {
    for (const work of phones.attended(cases.filter(hasChanged), now)) {
      noteIsolation(work, now)
      const { work: after, entries } = remember(work, rules, now, () => `timer-${++timers}`)
      // A page that nobody answers rings for weeks: lines are added, not copied with each of them.
      const said = kept.get(after.ticket.id)?.entries ?? []
      said.push(...entries)
      const each = { work: after, entries: said }
      kept.set(after.ticket.id, each)
      const [due] = after.timers
      if (due) agenda.plan(due.dueAt, () => kept.get(after.ticket.id) === each && fireNext(after.ticket.id, each.work, due))
      newest.set(correlationKey(after.ticket), after.ticket.id)
      gatherings.took(after.ticket)
      phones.tell(work, now)
      lastNumber = Math.max(lastNumber, after.ticket.number)
      const release = releaseBy(work)
      if (release)
        keep(
          gatherings.childrenOf(release.parentId).map((child) => released(child, release, rules, now)),
          now,
        )
    }
  }
  const noteIsolation = ({ orders, subject: { endpoint, site, organisation } }: TicketCase, at: number): void => {
    if (!endpoint || isolated.has(endpoint.id)) return
    if (!orders.some(({ verb, requestedBy }) => verb === 'isolate-host' && requestedBy === 'system')) return
    isolated.set(endpoint.id, at)
    lately.push({ endpointId: endpoint.id, siteId: site?.id ?? null, organisationId: organisation.id, at })
  }
  const fireNext = (id: string, work: TicketCase, due: Timer): void => {
    const found = caseOf(id)
    if (!found) return
    const now = Math.max(due.dueAt, startsAt)
    phones.moveTo(now)
    const under = asksUnder(work, [due]) ? gatherings.underOf(work.ticket, now - matrix.gathering.storm.calm.for) : undefined
    const without = { ...found, timers: work.timers.filter((timer) => timer !== due), isChanged: true }
    const isInStorm = gatherings.isInStorm(work.ticket)
    // Nobody is named, so no two teams are the same people.
    const kinds = evidence.kindsWhenAsked(work.ticket.endpoint_id ?? '', now)
    const firing = { rules, staff: [], packet: undefined, lately: under?.lately, isInStorm, alone: alone(now), kinds }
    keep([fireDue(standing(without, under), [due], firing, now)], now)
  }
  const worldFor = (signal: SignalRow, isOver: boolean, now: number) => {
    const earlier = caseOf(newest.get(correlationKey(signal)) ?? '')
    const subject = subjectOf(signal)
    const isKnown = earlier !== undefined && isOpen(earlier.ticket.status)
    const openers = subject && !isKnown && signal.state !== 'cleared' ? [{ kind: signal.kind, subject, sourceId: signal.source_id }] : []
    const parents = isKnown && earlier.ticket.parent_id !== null ? [earlier.ticket.parent_id] : []
    return worldOf({
      subjects: { of: subjectOf },
      cases: earlier ? [earlier] : [],
      crowds: gatherings.among(openers, parents, matrix, now),
      lately: alone(now),
      isOver: () => isOver,
      suppression: { ...nothingSuppressed, ...(around.disarmedAt && { disarmed: around.disarmedAt(now) }) },
      ...{ evidence: evidence.at(now), book: createBook(matrix, new Map(), now), firstNumber: lastNumber + 1, now },
      newId: (of, fingerprint) => around.nameOf?.(of, fingerprint, now) ?? `ticket-${++signals}`,
    })
  }
  return {
    phones,
    arrive(signal, isOver, now) {
      gatherings.heard(signal)
      evidence.heard(signal)
      const world = worldFor(signal, isOver, now)
      const outcome = decide(world, rules, signal, now)
      world.take(signal, outcome)
      keep(world.cases, now)
      return outcome
    },
    waitUntil(instant) {
      agenda.playThrough(instant)
      phones.moveTo(instant)
    },
    acknowledge(instant, ticketId) {
      for (const id of ticketId === undefined ? [...kept.keys()] : [ticketId]) {
        const work = caseOf(id)
        if (work?.ticket.status !== 'new' || work.ticket.parent_id !== null) continue
        const acted = acknowledge(work, { person: { id: 'somebody' }, rules, now: instant })
        if (acted.kind === 'work') keep([acted.work], instant)
      }
    },
    change(ticketId, instant, act) {
      const after = act(caseOf(ticketId))
      if (!after) return
      keep([after], instant)
      if (after.ticket.resolved_at !== null) isolated.delete(after.ticket.endpoint_id ?? '')
    },
    workOf: (id) => whole(kept.get(id)),
    works: () => [...kept.values()].flatMap((each) => whole(each) ?? []),
    isolatedAt: (endpointId) => isolated.get(endpointId) ?? null,
  }
}

const onItsWay: Subject['isolation'] = { desired: 'isolated', actual: 'open', isOnItsWay: true }

const whole = (each: Kept | undefined): TicketCase | undefined => each && { ...each.work, entries: each.entries }

/** What is about an organisation, or about a site of it, is about no machine. */
function overMachines(machines: readonly Subject[], organisationId: string): Subject | undefined {
  const one = machines.find(({ organisation }) => organisation.id === organisationId)
  return one && { ...one, site: null, endpoint: null, role: 'unknown', roleSource: 'unknown', isolation: null }
}

/** The provider is the first organisation there was. */
export function fleetOf(machines: readonly Subject[]) {
  const siteSizes = new Map<string, number>()
  for (const { site } of machines) if (site) siteSizes.set(site.id, (siteSizes.get(site.id) ?? 0) + 1)
  return { machines: machines.length, siteSizes, provider: overMachines(machines, machines[0]?.organisation.id ?? '') }
}
