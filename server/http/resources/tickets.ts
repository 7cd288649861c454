import { z } from 'zod'
import type { Power } from '#shared/api/session.ts'
import {
  Acknowledge,
  CallSecurity,
  Children,
  Comment,
  Contain,
  DecideFound,
  Escalate,
  FalseAlarm,
  Leave,
  NameCause,
  NewTicket,
  Release,
  Reopen,
  Resolve,
  Resume,
  SlaLedger,
  TicketDetail,
  TicketList,
  TicketQuery,
  TicketVerb,
  Wait,
} from '#shared/api/tickets.ts'
import type { ReleaseBy } from '../../command/consent.ts'
import type { Act, DeskOutcome } from '../../desk/desk.ts'
import { mustBeDone } from '../desk-outcome.ts'
import { isAllowed } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { ownerOfTicket, type Subject } from '../owners.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { demandKnownAddress } from '../reads/known-address.ts'
import { listTickets, type Reading, readTicket, wholeTimeline } from '../reads/tickets.ts'
import { defineReading, defineRoute, type Person, type PersonAccess, type Route } from '../route.ts'

const ById = z.object({ id: z.string().max(64) })

/** What moves it or ends it. */
const whoWorks: PersonAccess = { who: 'person', power: 'work-tickets', isOfTeam: true, reach: 'organisation' }
const whoMay = (power: Power, orWhileAsked?: Power): PersonAccess => ({
  ...{ who: 'person', power, reach: 'organisation' },
  ...(orWhileAsked && { orWhileAsked }),
})

/** Who may do what to a ticket: asked of every change, and told with every ticket that is read. */
const accessOf: Record<TicketVerb, PersonAccess> = {
  acknowledge: whoWorks,
  comments: whoMay('work-tickets'),
  wait: whoWorks,
  resume: whoWorks,
  escalate: whoWorks,
  security: whoMay('work-tickets'),
  resolve: whoWorks,
  reopen: whoWorks,
  found: whoWorks,
  cause: whoWorks,
  // Also the yes to a pending question, so whoever may answer it may do this then.
  isolate: whoMay('isolate', 'answer-ask'),
  // A customer's own IT with one of the provider.
  release: { ...whoMay('release'), orPower: 'ask-release' },
  'false-alarm': whoMay('release'),
  leave: whoMay('answer-ask'),
  children: whoWorks,
}

export default function tickets(needs: Needs): Route[] {
  const { desk, words, time, comesAndGoes, matrices } = needs
  /** Members of a security team, and admins. */
  const mayLeaveSecurity = ({ caller }: Person): boolean =>
    (caller.isAdmin && caller.scope === 'all') || caller.teams.some((team) => matrices.rules.matrix.tierOf(team) === 'security')
  const reading = () => ({ ...words, comesAndGoes, now: time.now() })
  const detail = detailOf(needs)

  /** A change of one ticket: it carries the version it saw and answers with the ticket as it is then. */
  const change = <Body extends z.ZodObject<{ version: z.ZodNumber }>>(
    verb: TicketVerb,
    summary: string,
    body: Body,
    act: (act: Act & z.output<Body> & { onlyIfAsked?: true }, by: Person, subject: Subject) => Promise<DeskOutcome>,
  ): Route =>
    defineRoute({
      method: 'POST',
      path: `/api/tickets/:id/${verb}`,
      summary,
      access: accessOf[verb],
      names: { 'params.id': 'ticket' },
      action: `ticket.${verb}`,
      params: ById,
      body,
      answer: TicketDetail,
      handle: async ({ params, body, by, subject }) => {
        // Allowed by the question alone: the desk looks again whether it is still open when it gets there.
        const isByQuestion = !isAllowed(accessOf[verb], by, { ...subject, isAsked: false })
        const who = { ticketId: params.id, person: actorIn(by), ...(isByQuestion && { onlyIfAsked: true as const }) }
        mustBeDone(await act({ ...body, ...who }, by, subject))
        return detail(by, params.id)
      },
    })

  return [
    ...readAndOpen(needs, reading, detail),
    explainSla(needs),
    change('acknowledge', 'Take it', Acknowledge, (act) => desk.acknowledge(act)),
    change('comments', 'Say something on it', Comment, (act, { caller }) => {
      if (act.isInternal && caller.scope !== 'all')
        throw refuse('provider-only', 'Only people of the provider speak among themselves here.')
      return desk.comment(act)
    }),
    change('wait', 'Wait for somebody else; promises stand still', Wait, (act) => desk.wait(act)),
    change('resume', 'Go on with it', Resume, (act) => desk.resume(act)),
    change('escalate', 'Move it to other people, with what was tried', Escalate, (act, by) =>
      desk.escalate({ ...act, mayLeaveSecurity: mayLeaveSecurity(by) }),
    ),
    change('security', 'Security! To the security tier at once', CallSecurity, (act, by) =>
      desk.escalate({ ...act, reason: 'security', tried: '', hypothesis: '', mayLeaveSecurity: mayLeaveSecurity(by) }),
    ),
    change('found', 'Decide on what was there before us', DecideFound, (act) => desk.decideFound(act)),
    change('cause', 'Say what it comes from', NameCause, (act) => desk.nameCause(act)),
    change('reopen', 'Open it again', Reopen, (act) => desk.reopen(act)),
    change('resolve', 'End it', Resolve, (act) => desk.resolve(act)),
    change('isolate', 'Cut its endpoint off; also the yes to a pending question', Contain, (act) => desk.isolate(act)),
    change('release', 'Undo the isolation of its endpoint; a false alarm ends the ticket too', Release, async (act, by, subject) => {
      const side = sideOf(act, isAllowed(whoMay('release'), by, subject))
      return act.isFalseAlarm ? desk.falseAlarm(act) : desk.release({ ...act, side })
    }),
    change('false-alarm', 'Undo all that was done on it, and end it', FalseAlarm, (act) => desk.falseAlarm(act)),
    change('children', 'End, keep or raise all tickets under it', Children, (act) => desk.children(act)),
    change('leave', 'The no to a pending question', Leave, (act) => desk.leave(act)),
  ]
}

/** Whose word a release is. What it was, and whether it is restored, isn't said by a customer's own IT alone. */
function sideOf({ isFalseAlarm, withoutRestore, withCustomer }: z.output<typeof Release>, mayAlone: boolean): ReleaseBy {
  if (mayAlone) return withCustomer ? 'provider' : 'alone'
  if (isFalseAlarm || withoutRestore !== undefined)
    throw refuse('provider-only', 'Only the provider says that it was a false alarm, or that it may come back unrestored: leave that out.')
  return 'customer'
}

/** A ticket with all that this person may see and do of it. */
export const detailOf =
  ({ words, time, comesAndGoes }: Pick<Needs, 'words' | 'time' | 'comesAndGoes'>) =>
  async (by: Person, id: string): Promise<TicketDetail> => {
    const reading = { ...words, comesAndGoes, now: time.now() }
    const [ticket, owner] = await Promise.all([readTicket(by.view, id, reading), ownerOfTicket(by.view, id)])
    const subject = found('ticket', owner)
    return { ...found('ticket', ticket), may: TicketVerb.options.filter((verb) => isAllowed(accessOf[verb], by, subject)) }
  }

function readAndOpen({ desk }: Needs, reading: () => Reading, detail: (by: Person, id: string) => Promise<TicketDetail>): Route[] {
  return [
    defineReading('/api/tickets', 'Tickets, the nearest promise first', {
      names: { 'query.organisationId': 'organisation', 'query.endpointId': 'endpoint', 'query.parentId': 'ticket' },
      query: TicketQuery,
      answer: TicketList,
      handle: ({ query, by }) => listTickets(by.view, query, reading()),
    }),
    defineReading('/api/tickets/:id', 'One ticket with its timeline, its signals and why it is where it is', {
      names: { 'params.id': 'ticket' },
      action: 'ticket.view-evidence',
      params: ById,
      answer: TicketDetail,
      handle: ({ params, by }) => detail(by, params.id),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/tickets',
      summary: 'Open a ticket',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation', 'body.endpointId': 'endpoint' },
      action: 'ticket.create',
      creates: 'thing',
      body: NewTicket,
      answer: TicketDetail,
      status: 201,
      handle: async ({ body, by }) => {
        const { endpointId, requester, ...ticket } = body
        if (requester) await demandKnownAddress(by, body.organisationId, requester.mail)
        const about = { ...(endpointId !== undefined && { endpointId }), ...(requester && { requester }) }
        const id = await desk.open({ ...ticket, ...about, person: actorIn(by) })
        return detail(by, id)
      },
    }),
  ]
}

const explainSla = ({ ledgerOf, time }: Needs): Route =>
  defineReading('/api/tickets/:id/sla', 'Where every minute of it went: running, paused and why, outside of hours', {
    names: { 'params.id': 'ticket' },
    params: ById,
    answer: SlaLedger,
    handle: async ({ params, by }) => ledgerOf(await wholeTimeline(by.view, params.id), time.now()),
  })

export const actorIn = ({ caller, record }: Person) => ({ id: caller.personId, name: caller.name, ...(record && { record }) })
