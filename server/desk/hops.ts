import type { Packet } from '#shared/domain/packet.ts'
import { type HopReason, isOpen, transition } from '#shared/domain/ticket.ts'
import { decideContainment } from '../command/contain.ts'
import { tightenClocks } from '../escalate/escalate.ts'
import { hop, hopTarget } from '../escalate/hop.ts'
import { apply, type TicketCase, type Trouble } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { decidePriority, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { route } from '../route/route.ts'
import { type Acting, answering, type Decided } from './acts.ts'
import type { Act } from './desk.ts'

/*
 * A person moves a ticket to other people. They say what they tried, so that nobody tries it again; "Security!" asks for
 * nothing. A ticket that is with security leaves it only by somebody of theirs.
 */

export interface HopAct extends Act {
  reason: HopReason
  tried: string
  hypothesis: string
  /** The team; absent: where the reason leads from here. */
  to?: string | undefined
  /** This person may take a ticket out of security. */
  mayLeaveSecurity: boolean
}

/** The act, whatever ticket it was meant for. */
export type Hopping = Omit<HopAct, keyof Act> & Pick<Acting, 'person'>

/** What the act makes of the ticket, once it has answered where it is (pure). */
export function escalate(before: TicketCase, act: Hopping, packet: Packet | undefined, rules: Rules, now: number): Decided {
  const answered = answering(before, { ticket: { touched_at: now } }, { person: act.person, rules, now })
  const moved = transition(before.ticket.status, 'escalate')
  if (moved.kind === 'illegal') return moved
  const matrix = rules.planOf(before)
  const to = act.to ?? hopTarget(before, act.reason, matrix)
  const refusal = whyNot(before, act, to, matrix.teams)
  if (refusal !== undefined || to === undefined) return { kind: 'refused', reason: refusal ?? '' }
  const { reason, tried, hypothesis, person } = act
  const gone = apply(answered, hop(answered, { to, reason, actor: person.id, tried, hypothesis, packet }, matrix, now), now)
  const alarmed = reason === 'security' ? alarm(gone, rules, now) : gone
  // Security owes an answer of its own, whoever has answered before.
  const owing = matrix.promises.teams[to] ? apply(alarmed, { ticket: { responded_at: null, respond_by: null } }, now) : alarmed
  return { kind: 'work', work: apply(owing, tightenClocks(owing, rules.owedOf(owing), rules.planOf(owing), now), now) }
}

function whyNot({ ticket }: TicketCase, act: Hopping, to: string | undefined, teams: Rules['matrix']['teams']): string | undefined {
  if (act.reason !== 'security' && act.tried.trim() === '') return 'Say what was tried, so that the next people need not try it again.'
  if (to === undefined) return `From ${ticket.team} the matrix leads nowhere further: say to which team.`
  if (!Object.hasOwn(teams, to)) return `The matrix has no team "${to}"; it has ${Object.keys(teams).join(', ')}.`
  if (to === ticket.team) return `It is with ${to} already.`
  const leaves = ticket.tier === 'security' && teams[to]?.tier !== 'security'
  return leaves && !act.mayLeaveSecurity ? 'A security ticket stays with security until somebody of that team lets it go.' : undefined
}

/** It counts as what a person reports of an attack: as pressing as the matrix says of that, and asked about isolation as it says. */
function alarm(work: TicketCase, rules: Rules, now: number): TicketCase {
  const { matrix } = rules
  const trouble = reportOf(work)
  const rule = match(rules.routesFor(trouble.kind), trouble, work.subject)
  const found = prioritise(matrix, rule, trouble, work.subject, rules.circumstancesOf(work.subject, now))
  const decision = route(matrix, rule, found.priority, trouble, work.subject)
  const raised = apply(work, decidePriority(work, found, true), now)
  const reasons = JSON.stringify(['Somebody called security.', ...decision.reasons()])
  const routed = apply(raised, { ticket: { rule: rule.name, matrix_version: matrix.version, reasons } }, now)
  const question = { contain: decision.contain, route: decision.route, isNews: true, isLate: false, isDisarmed: false, lately: [] }
  return isOpen(routed.ticket.status) ? apply(routed, decideContainment(routed, question, matrix, now), now) : routed
}

const reportOf = ({ ticket }: TicketCase): Trouble => ({
  ...{ signalId: ticket.id, kind: 'security.user.reported', severity: 'high', state: 'happened', fingerprint: ticket.fingerprint },
  ...{ summary: ticket.title, facts: {}, ageMs: 0, happenedAt: null, source: 'person', urgency: null },
})
