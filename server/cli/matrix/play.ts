import type { Subject, TicketCase } from '../../pipeline/changes.ts'
import type { Rules } from '../../pipeline/keep.ts'
import type { Outcome } from '../../pipeline/world.ts'
import { machineOf, type Scene, signalOf } from '../../rehearsal/rehearsal.ts'
import { createRehearsedDesk, type RehearsedDesk } from '../../rehearsal/rehearsed-desk.ts'
import { isPagingTicket } from '../../route/route.ts'
import type { Case, Expectation } from './cases.ts'

/** What a case expected and what came of it, where they differ. */
export interface Difference {
  /** `expect.priority`, `2026-11-23T09:35 team` */
  what: string
  expected: unknown
  found: unknown
}

/** Plays a case on a clock that is told, and compares. */
export function play(rules: Rules, each: Case, timeZone: string): Difference[] {
  const wall = each.timeZone ?? timeZone
  const arrives = instantOf(each.arrives, wall)
  const scene = sceneOf(each, wall)
  const machines = machinesOf(each, scene)
  const desk = createRehearsedDesk(rules, machines, arrives, true)
  const outcomes: Outcome[] = []
  const found: Difference[] = []
  const compare = (when: string, expected: Expectation): void => {
    found.push(...differences(when, expected, outcomeOf(rules, { desk, machines, outcomes }, wall)))
  }
  const acts = each.later.map((act) => ({ ...act, instant: instantOf(act.at, wall) })).sort((a, b) => a.instant - b.instant)
  const playUntil = (instant: number): void => {
    for (let act = acts[0]; act && act.instant <= instant; act = acts[0]) {
      acts.shift()
      desk.waitUntil(act.instant)
      if (act.acknowledged) desk.acknowledge(act.instant)
      if (act.expect) compare(`${act.at} `, act.expect)
    }
    desk.waitUntil(instant)
  }
  const { hits = each.machines, within } = each
  for (let hit = 0; hit < hits; hit += 1) {
    const machine = machines[hit % machines.length]
    const at = arrives + Math.floor(within === undefined ? hit * each.every : (hit * within) / hits)
    if (hit > 0) playUntil(at)
    if (machine) outcomes.push(desk.arrive(signalOf(scene, machine, hit + 1, at), scene.isOver, at))
  }
  compare('', each.expect)
  const last = acts.at(-1)
  if (last) playUntil(last.instant)
  return found
}

const machinesOf = ({ machines, organisations }: Case, scene: Scene): Subject[] =>
  Array.from({ length: machines }, (_, index) => machineOf(scene, { name: `host-${index + 1}`, organisation: (index % organisations) + 1 }))

export function sceneOf({ signal: { source, old: ageMs, ...signal }, ...about }: Omit<Case, 'later' | 'expect'>, timeZone: string): Scene {
  const origins = { agent: 'sent', source: 'source', collector: 'collector' } as const
  return { ...about, timeZone, signal: { ...signal, ageMs, origin: origins[source] } }
}

function differences(when: string, expected: Expectation, found: Required<Expectation>): Difference[] {
  return (Object.keys(expected) as (keyof Expectation)[]).flatMap((what) =>
    JSON.stringify(expected[what]) === JSON.stringify(found[what])
      ? []
      : [{ what: `${when}${what}`, expected: expected[what], found: found[what] }],
  )
}

type Found = { [Name in keyof Expectation]-?: unknown }

interface Played {
  desk: RehearsedDesk
  machines: readonly Subject[]
  /** Of each thing that was said, in its order. */
  outcomes: readonly Outcome[]
}

/** Of what was said first, and what came of all of it. */
function outcomeOf(rules: Rules, { desk, machines, outcomes }: Played, timeZone: string): Required<Expectation> {
  const [outcome] = outcomes
  const [machine] = machines
  if (!outcome || !machine) throw new RangeError('a case in which nothing is said')
  const works = desk.works()
  const isIsolated = (id: string | null | undefined): boolean => desk.isolatedAt(id ?? '') !== null
  const asked = works.filter(({ ticket }) => ticket.containment === 'asked')
  const counted = {
    isolated: machines.filter(({ endpoint }) => isIsolated(endpoint?.id)).length,
    asked: asked.filter(({ ticket }) => ticket.endpoint_id !== null && !isIsolated(ticket.endpoint_id)).length,
    questions: asked.filter(({ ticket }) => ticket.parent_id === null).length,
    storms: works.filter(({ ticket }) => ticket.gathers === 'storm').length,
    siteTickets: works.filter(({ ticket }) => ticket.gathers === 'site').length,
    under: works.filter(({ ticket }) => ticket.parent_id !== null).length,
    ...{ calls: desk.phones.mostCalls(), mailsToCustomers: desk.phones.mailsToCustomers },
  }
  const work = outcome.kind === 'ticket' ? desk.workOf(outcome.work.ticket.id) : undefined
  const found: Found = { ...ofTicket(rules, outcome, work, desk.isolatedAt(machine.endpoint?.id ?? ''), timeZone), ...counted }
  return found as Required<Expectation>
}

type Counted = 'isolated' | 'asked' | 'questions' | 'storms' | 'siteTickets' | 'under' | 'calls' | 'mailsToCustomers'

function ofTicket(
  rules: Rules,
  outcome: Outcome,
  work: TicketCase | undefined,
  isolatedAt: number | null,
  timeZone: string,
): Omit<Found, Counted> {
  const at = (instant: number | null | undefined): string | null => (instant == null ? null : wallOf(instant, timeZone))
  const nothing = {
    rule: null,
    priority: null,
    team: null,
    tier: null,
    tells: [],
    needsVisit: false,
    pages: false,
    contain: 'none',
    suspended: false,
  }
  const never = { isolatedAt: null, respondBy: null, resolveBy: null, box: null, escalated: null }
  if (!work) return { ...nothing, ...never, becomes: outcome.kind, ...(outcome.kind === 'digest' && { team: outcome.team }) }
  const { ticket, timers, entries } = work
  const rule = rules.matrix.routeNamed(ticket.rule)
  const isolated = isolatedAt === null ? undefined : 'isolated'
  return {
    ...{ becomes: 'ticket', rule: ticket.rule, priority: ticket.priority, team: ticket.team, tier: ticket.tier },
    ...{ tells: rule?.tells ?? [], needsVisit: rule?.needsVisit ?? false, pages: isPagingTicket(rules.matrix, work) },
    contain: isolated ?? (ticket.containment === 'asked' ? 'asked' : 'none'),
    suspended: ticket.halted !== null,
    ...{ isolatedAt: at(isolatedAt), respondBy: at(ticket.respond_by), resolveBy: at(ticket.resolve_by) },
    box: at(timers.find(({ kind }) => kind === 'time-box')?.dueAt),
    escalated: entries.findLast(({ kind }) => kind === 'escalated')?.body.reason ?? null,
  }
}

/** Of the two instants that an autumn night's clock shows, the earlier. */
export const instantOf = (wall: string, timeZone: string): number =>
  Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone, { disambiguation: 'earlier' }).epochMilliseconds

/** "2026-11-22T03:00", with seconds where there are some. */
export function wallOf(instant: number, timeZone: string): string {
  const wall = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDateTime()
  return wall.toString({ smallestUnit: wall.second === 0 ? 'minute' : 'second' })
}
