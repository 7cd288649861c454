import type { Urgency } from '#shared/domain/priority.ts'
import { apply, type Changes, caseOf, type Subject, type TicketCase, type Trouble } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { decidePriority, prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import { decideRoute, route } from '../route/route.ts'
import { draftTicket, opened } from '../ticket/ticket.ts'
import { begin } from './acts.ts'

/** What a person asks for. */
export interface Request {
  title: string
  text: string
  urgency: Urgency
  /** Who else has it; alone, when absent. */
  affects?: 'me' | 'several' | 'everyone'
  person: { id: string }
  /** The requester opens it by themselves. */
  isTheirs?: boolean
  /** Opened once, however often it is asked for: a mail's id. */
  key?: string
}

/** A person's request takes the way of a signal (pure): the matrix decides, not who asks. */
export function requested(
  request: Request,
  subject: Subject,
  named: { id: string; number: number },
  rules: Rules,
  now: number,
): TicketCase {
  const { matrix, routesFor, circumstancesOf } = rules
  const trouble = troubleOf(request, named.id)
  const rule = match(routesFor(trouble.kind), trouble, subject)
  const found = prioritise(matrix, rule, trouble, subject, circumstancesOf(subject, now))
  const ticket = draftTicket(trouble, subject, { ...named, sourceId: null }, now)
  const onBehalfOf = request.isTheirs === true ? undefined : subject.requester?.name
  const entering = [opened(trouble, request.person.id, onBehalfOf), ...(request.text === '' ? [] : [said(request)])]
  const entered = entering.reduce((work, changes) => apply(work, changes, now), caseOf(ticket, subject, [], true))
  const prioritised = apply(entered, decidePriority(entered, found, false), now)
  const decision = route(matrix, rule, found.priority, trouble, subject)
  const routed = apply(prioritised, decideRoute(prioritised, decision, found.reasons, matrix, false, now), now)
  return begin(routed, { rules, now })
}

/** What the person wrote is theirs, and no answer yet. */
const said = ({ text, person, isTheirs }: Request): Changes => ({
  entries: [{ kind: 'commented', actor: person.id, body: { text, ...(isTheirs === true && { isCustomer: true }) } }],
})

const severityOf = { high: 'high', medium: 'medium', low: 'low' } as const

/** By which the ticket of a key is known again. */
export const fingerprintOf = (key: string): string => `request:${key}`
export const keyIn = (fingerprint: string): string => fingerprint.slice(fingerprintOf('').length)

const troubleOf = ({ title, text, urgency, affects = 'me', key }: Request, id: string): Trouble => ({
  ...{ signalId: id, kind: 'request.desk', severity: severityOf[urgency], state: 'happened', fingerprint: fingerprintOf(key ?? id) },
  ...{ summary: title, text, facts: { affects }, ageMs: 0, happenedAt: null, source: 'person', urgency },
})
