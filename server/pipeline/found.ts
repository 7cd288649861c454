import { startClocks } from '../escalate/escalate.ts'
import { asFoundTitle, asFoundTrouble } from '../onboard/onboard.ts'
import { decidePriority, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { decideRoute, route } from '../route/route.ts'
import { draftTicket, joined, opened } from '../ticket/ticket.ts'
import { apply, type Subject, type TicketCase, type Trouble } from './changes.ts'
import type { Rules } from './keep.ts'
import { newCase, type Outcome, type SignalRow, type View } from './world.ts'

/** One more line on the organisation's ticket, which opens with the first. */
export function foundBefore(
  view: Pick<View, 'asFound' | 'nextNumber' | 'newId'>,
  signal: SignalRow,
  trouble: Trouble,
  subject: Subject,
  rules: Rules,
  now: number,
): Outcome {
  const earlier = view.asFound?.(subject.organisation.id)
  const endpointId = subject.endpoint?.id ?? ''
  const about = asFoundTrouble(trouble, subject.endpoint?.hostname ?? '')
  const work = earlier ? apply(earlier, joined(earlier, about, false, now), now) : openList(view, about, subject, rules, now)
  const line = { organisationId: subject.organisation.id, ticketId: work.ticket.id, endpointId, signalId: signal.id, trouble }
  return { kind: 'found', work, line }
}

function openList(
  view: Pick<View, 'nextNumber' | 'newId'>,
  about: Trouble,
  { organisation }: Subject,
  rules: Rules,
  now: number,
): TicketCase {
  const { matrix, routesFor, circumstancesOf, owedOf, planOf } = rules
  const subject: Subject = { organisation, site: null, endpoint: null, role: 'unknown', roleSource: 'unknown', isolation: null }
  const rule = match(routesFor(about.kind), about, subject)
  const found = prioritise(matrix, rule, about, subject, circumstancesOf(subject, now))
  const from = { id: view.newId(subject, about.fingerprint), number: view.nextNumber, sourceId: null }
  const drafted = newCase(draftTicket({ ...about, summary: asFoundTitle }, subject, from, now), subject)
  const entered = apply(drafted, opened(about, 'system'), now)
  const pressing = apply(entered, decidePriority(entered, found, false), now)
  const decision = route(matrix, rule, found.priority, about, subject)
  const routed = apply(pressing, decideRoute(pressing, decision, found.reasons, matrix, false, now), now)
  return apply(routed, startClocks(routed, owedOf(routed), planOf(routed), now), now)
}
