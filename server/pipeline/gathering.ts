import { comparePriority, type Priority } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import { askForAll } from '../command/contain.ts'
import {
  type Gatherer,
  gathered,
  type Place,
  placeAmong,
  siteSubject,
  siteTroubleOf,
  stormCalm,
  stormOf,
  tookIn,
} from '../correlate/gather.ts'
import { hushed, noisyTrouble } from '../correlate/noisy.ts'
import { endQuiet, startClocks, tightenClocks } from '../escalate/escalate.ts'
import { decidePriority, type Prioritised, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { decideRoute, route } from '../route/route.ts'
import { draftTicket, opened } from '../ticket/ticket.ts'
import { apply, type Subject, type TicketCase, type Trouble } from './changes.ts'
import type { Rules } from './keep.ts'
import { newCase, type View } from './world.ts'

/*
 * A ticket that opens or comes back, put under another where it is one of many: one ticket that people are called for, and
 * those under it quiet. Enters: the ticket as it was prioritised and routed. Leaves: it, the one over it, and those that came
 * before it and go under that one too. Promises: pure, like every stage it joins; the one over others is at least as
 * pressing as each of them.
 */

export interface Arrival {
  work: TicketCase
  trouble: Trouble
  subject: Subject
}

/** Where it goes, with the one over it as it will stand; undefined: it stands alone. */
export interface Gathered {
  work: TicketCase
  parent: TicketCase
  siblings: readonly TicketCase[]
}

export function gather(view: View, rules: Rules, arrival: Arrival, now: number): Gathered | undefined {
  const crowd = view.crowdOf(arrival.trouble, arrival.subject)
  const place: Place = crowd ? placeAmong(crowd, arrival.trouble.kind, rules.matrix) : { kind: 'alone' }
  if (place.kind === 'alone') return undefined
  const over = overOf(place.gathers, place.kind === 'under' ? place.parent.subject : view.provider, arrival)
  if (!over) return undefined
  const many = place.gathers === 'site' && crowd ? { machines: crowd.siteMachines, siteMachines: crowd.siteSize } : undefined
  if (place.kind === 'under') {
    const parent = joinedBy(rules, over, place.parent, arrival.work.ticket.priority, many, now)
    return { work: apply(arrival.work, gathered(arrival.work, parent, place.gathers), now), parent, siblings: [] }
  }
  const theirs = place.siblings.filter(({ ticket }) => ticket.id !== arrival.work.ticket.id)
  const all = [arrival.work, ...theirs]
  const number = Math.max(view.nextNumber, arrival.work.ticket.number + 1)
  const parent = place.again
    ? goesOn(rules, place.again, all.length, now)
    : made(view, rules, over, place.gathers, all, { number, many }, now)
  const under = (each: TicketCase): TicketCase => apply(each, gathered(each, parent, place.gathers), now)
  const siblings = theirs.map(under)
  const asking = siblings.reduce((over, child) => apply(over, askForAll(over, child), now), parent)
  return { work: under(arrival.work), parent: asking, siblings }
}

/** Where this goes instead of a ticket of its own: who says it is too loud. With what it said before, if that is one ticket from now on. */
export function hush(
  view: View,
  rules: Rules,
  { trouble, subject, sourceId, rule }: Omit<Arrival, 'work'> & { sourceId: string | null; rule: string },
  now: number,
): { into: TicketCase; siblings: readonly TicketCase[] } | undefined {
  const loud = view.loudOf(subject, sourceId)
  const found = loud ? hushed(loud, trouble, rule, rules.matrix) : ({ kind: 'none' } as const)
  if (!loud || found.kind === 'none') return undefined
  if (found.kind === 'joins') return { into: found.into, siblings: [] }
  const over = { trouble: noisyTrouble(trouble, subject, loud.voice), subject, about: subject, sourceId }
  const into = made(view, rules, over, 'endpoint', found.siblings, { number: view.nextNumber, many: undefined }, now)
  return { into, siblings: found.siblings.map((each) => apply(each, gathered(each, into, 'endpoint'), now)) }
}

/** As what the one over it is decided, and about whom it is. */
type Over = Pick<Arrival, 'trouble' | 'subject'> & { about: Subject; sourceId?: string | null }

function overOf(gathers: 'site' | 'storm', provider: Subject | undefined, { trouble, subject }: Arrival): Over | undefined {
  if (gathers === 'site') {
    const siteId = subject.site?.id
    return siteId === undefined ? undefined : { trouble: siteTroubleOf(trouble, siteId), subject, about: siteSubject(subject) }
  }
  return provider && { trouble: stormOf(trouble), subject: provider, about: provider }
}

type Many = { machines: number; siteMachines: number | null } | undefined

function decided({ matrix, routesFor, circumstancesOf }: Rules, { trouble, subject }: Over, many: Many, now: number) {
  const rule = match(routesFor(trouble.kind), trouble, subject)
  const found = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, now, many))
  return { found, decisionAt: (priority: Priority) => route(matrix, rule, priority, trouble, subject) }
}

function made(
  view: View,
  rules: Rules,
  over: Over,
  gathers: Gatherer,
  children: readonly TicketCase[],
  { number, many }: { number: number; many: Many },
  now: number,
): TicketCase {
  const { matrix, owedOf, planOf } = rules
  const id = view.newId(over.about, over.trouble.fingerprint)
  const draft = draftTicket(over.trouble, over.about, { id, number, sourceId: over.sourceId ?? null }, now)
  const ticket = { ...draft, gathers, gathering: 'on' as const, is_standing: 1 as const, occurrences: 0 }
  const { found, decisionAt } = decided(rules, over, many, now)
  const worst = children.map(({ ticket: { priority } }) => priority)
  const pressing = gathers === 'storm' ? found : atLeast(found, worst)
  let parent = apply(newCase(ticket, over.about), opened(over.trouble, 'system'), now)
  parent = apply(parent, tookIn(parent, now, children.length), now)
  parent = apply(parent, decidePriority(parent, pressing, false), now)
  parent = apply(parent, decideRoute(parent, decisionAt(pressing.priority), pressing.reasons, matrix, false, now), now)
  parent = apply(parent, startClocks(parent, owedOf(parent), planOf(parent), now), now)
  return gathers === 'storm' ? apply(parent, stormCalm(matrix, now), now) : parent
}

/** A storm that was over, and has begun again before anybody ended its ticket. */
function goesOn({ matrix }: Rules, parent: TicketCase, count: number, now: number): TicketCase {
  const again = apply(parent, { ticket: { gathering: 'on', is_standing: 1 }, ...stormCalm(matrix, now) }, now)
  return apply(again, tookIn(again, now, count), now)
}

/** One more: it can only become more pressing. */
function joinedBy(rules: Rules, over: Over, before: TicketCase, priority: Priority, many: Many, now: number): TicketCase {
  const { matrix, owedOf, planOf } = rules
  const counted = apply(before, tookIn(before, now), now)
  const quiet = apply(counted, endQuiet(counted), now)
  const { found, decisionAt } = decided(rules, over, many, now)
  const pressing = before.ticket.gathers === 'site' ? atLeast(found, [priority]) : found
  if (comparePriority(pressing.priority, before.ticket.priority) >= 0) return quiet
  const raised = apply(quiet, decidePriority(quiet, pressing, true), now)
  const decision = decisionAt(pressing.priority)
  const routed = apply(raised, decideRoute(raised, decision, pressing.reasons, matrix, true, now), now)
  return apply(routed, tightenClocks(routed, owedOf(routed), planOf(routed), now), now)
}

/** What is over others is as pressing as the worst of them. */
function atLeast(found: Prioritised, priorities: readonly Priority[]): Prioritised {
  const priority = priorities.reduce((most, each) => (comparePriority(each, most) < 0 ? each : most), found.priority)
  return priority === found.priority ? found : { ...found, priority, reasons: [...found.reasons, `One of its tickets is a ${priority}.`] }
}

/** A ticket that is under another became worse: so does that one. A storm presses for what is critical to security alone. */
export function follow(rules: Rules, parent: TicketCase, { ticket }: TicketCase, now: number): TicketCase {
  const isOfNoMatter = parent.ticket.gathers === 'storm' && !(isSecurity(ticket.kind) && ticket.severity === 'critical')
  if (isOfNoMatter || comparePriority(ticket.priority, parent.ticket.priority) >= 0) return parent
  const { impact, urgency, priority } = ticket
  const found = { impact, urgency, priority, reasons: [`One of its tickets is a ${priority}.`] }
  const raised = apply(parent, decidePriority(parent, found, true), now)
  return apply(raised, tightenClocks(raised, rules.owedOf(raised), rules.planOf(raised), now), now)
}
