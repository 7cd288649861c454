import type { LoneIsolation } from '../../command/contain.ts'
import type { Rules } from '../../pipeline/keep.ts'
import { type Rehearsal, rehearse, type Scene } from '../../rehearsal/rehearsal.ts'
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
  const lately: LoneIsolation[] = []
  const rehearsals = Array.from({ length: each.machines }, (_, index) =>
    rehearse(rules, sceneOf(each, wall), arrives + index * each.every, `host-${index + 1}`, lately),
  )
  const found = differences('', each.expect, outcomeOf(rules, rehearsals, wall))
  for (const { at, acknowledged, expect } of each.later) {
    const instant = instantOf(at, wall)
    for (const rehearsal of rehearsals) {
      rehearsal.waitUntil(instant)
      if (acknowledged) rehearsal.acknowledge(instant)
    }
    if (expect) found.push(...differences(`${at} `, expect, outcomeOf(rules, rehearsals, wall)))
  }
  return found
}

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

/** Of the first machine, and how many of all of them were isolated or are asked about. */
function outcomeOf(rules: Rules, rehearsals: readonly Rehearsal[], timeZone: string): Required<Expectation> {
  const [first] = rehearsals
  if (!first) throw new RangeError('a case without a machine')
  const counted = {
    isolated: rehearsals.filter(({ isolatedAt }) => isolatedAt !== null).length,
    asked: rehearsals.filter(({ work, isolatedAt }) => isolatedAt === null && work?.ticket.containment === 'asked').length,
  }
  const found: Found = { ...ofTicket(rules, first, timeZone), ...counted }
  return found as Required<Expectation>
}

function ofTicket(rules: Rules, { outcome, work, isolatedAt }: Rehearsal, timeZone: string): Omit<Found, 'isolated' | 'asked'> {
  const at = (instant: number | null | undefined): string | null => (instant == null ? null : wallOf(instant, timeZone))
  const nothing = { rule: null, priority: null, team: null, tier: null, tells: [], needsVisit: false, pages: false, contain: 'none' }
  const never = { isolatedAt: null, respondBy: null, resolveBy: null, box: null, escalated: null }
  if (!work) return { ...nothing, ...never, becomes: outcome.kind, ...(outcome.kind === 'digest' && { team: outcome.team }) }
  const { ticket, timers, entries } = work
  const rule = rules.matrix.routeNamed(ticket.rule)
  const isolated = isolatedAt === null ? undefined : 'isolated'
  return {
    ...{ becomes: 'ticket', rule: ticket.rule, priority: ticket.priority, team: ticket.team, tier: ticket.tier },
    ...{ tells: rule?.tells ?? [], needsVisit: rule?.needsVisit ?? false, pages: isPagingTicket(rules.matrix, work) },
    contain: isolated ?? (ticket.containment === 'asked' ? 'asked' : 'none'),
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
