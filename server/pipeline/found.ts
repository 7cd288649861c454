import { randomUUIDv7 } from 'node:crypto'
import { startClocks } from '../escalate/escalate.ts'
import { asFoundTitle, asFoundTrouble } from '../onboard/onboard.ts'
import { decidePriority, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { decideRoute, route } from '../route/route.ts'
import { draftTicket, joined, opened } from '../ticket/ticket.ts'
import { apply, type Subject, type TicketCase, type Trouble } from './changes.ts'
import type { Rules } from './keep.ts'
import { newCase, type Outcome, type SignalRow } from './world.ts'

/** One more line on the organisation's ticket, which opens with the first. */
export function foundBefore(
  earlier: TicketCase | undefined,
  signal: SignalRow,
  trouble: Trouble,
  subject: Subject,
  number: number,
  rules: Rules,
  now: number,
): Outcome {
  const endpointId = subject.endpoint?.id ?? ''
  const about = asFoundTrouble(trouble, subject.endpoint?.hostname ?? '')
  const work = earlier ? apply(earlier, joined(earlier, about, false, now), now) : openList(about, subject, number, rules, now)
  const line = { organisationId: subject.organisation.id, ticketId: work.ticket.id, endpointId, signalId: signal.id, trouble }
  return { kind: 'found', work, line }
}

function openList(about: Trouble, { organisation }: Subject, number: number, rules: Rules, now: number): TicketCase {
  const { matrix, routesFor, circumstancesOf, owedOf, planOf } = rules
  const subject: Subject = { organisation, site: null, endpoint: null, role: 'unknown', roleSource: 'unknown', isolation: null }
  const rule = match(routesFor(about.kind), about, subject)
  const found = prioritise(matrix, rule, about, subject, circumstancesOf(subject, now))
  const drafted = newCase(
    draftTicket({ ...about, summary: asFoundTitle }, subject, { id: randomUUIDv7(), number, sourceId: null }, now),
    subject,
  )
  const entered = apply(drafted, opened(about, 'system'), now)
  const pressing = apply(entered, decidePriority(entered, found, false), now)
  const decision = route(matrix, rule, found.priority, about, subject)
  const routed = apply(pressing, decideRoute(pressing, decision, found.reasons, matrix, false, now), now)
  return apply(routed, startClocks(routed, owedOf(routed), planOf(routed), now), now)
}
