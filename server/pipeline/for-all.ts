import type { ChildrenAct, PersonsResolution } from '#shared/domain/ticket.ts'
import { days } from '#shared/domain/time.ts'
import { fleetKind } from '../command/brakes.ts'
import { isContained } from '../command/contain.ts'
import { ordered } from '../command/order.ts'
import { actOnChildren } from '../correlate/children.ts'
import type { Decided } from '../desk/acts.ts'
import type { Act } from '../desk/desk.ts'
import { endClocks } from '../escalate/escalate.ts'
import type { Tx } from '../store/store.ts'
import { decided, resolved } from '../ticket/acts.ts'
import { apply, type Changes, type TicketCase } from './changes.ts'
import { loadCases } from './load.ts'

/** What people do for all tickets under one, on that one. */
export interface ForAll {
  act: ChildrenAct
  /** As what they end, where they do. */
  resolution?: PersonsResolution | undefined
  note: string
}

export type Verb = 'isolate-host' | 'release-host'

export const nobodyAsks = { kind: 'refused', reason: 'Nobody asks whether to isolate this machine.' } as const
const nothingUnder = { kind: 'refused', reason: 'There are no tickets under this one.' } as const
const noResolution = { kind: 'refused', reason: 'Say as what they end: give a resolution.' } as const

/** So many machines are answered for in one transaction; for what is left the question stays. */
export const maxAsked = 1_000

/** Of a ticket that is about no machine of its own. */
export const isOverOthers = ({ ticket, subject }: TicketCase): boolean =>
  (ticket.gathers !== null || ticket.kind === fleetKind) && subject.endpoint === null

/**
 * One answer for each machine that the question is about; what it does to each stands on its own ticket too. Of more machines
 * than fit the question stays open, with a line that says so, and whoever answers once more answers for the next.
 */
export async function answerForAll(
  tx: Tx,
  work: TicketCase,
  verb: Verb | 'leave',
  { person, reason }: Act & { reason: string },
  now: number,
): Promise<Decided> {
  if (work.ticket.containment !== 'asked' || verb === 'release-host') return nobodyAsks
  const answer = verb === 'leave' ? 'leave' : 'isolate'
  const loaded = await (work.ticket.kind === fleetKind ? loadHeld(tx, person.id, now) : loadAsked(tx, work.ticket.id))
  const asked = loaded.slice(0, maxAsked).map((child) => {
    const answered = apply(child, decided(child, person.id, answer, reason, now), now)
    return verb === 'leave' || isContained(child.subject) ? answered : apply(answered, ordered(verb, person.id, reason), now)
  })
  const changes = loaded.length > maxAsked ? answeredInPart(person.id, answer, reason, now) : decided(work, person.id, answer, reason, now)
  return { kind: 'work', work: apply(work, changes, now), others: asked }
}

const answeredInPart = (personId: string, answer: string, reason: string, now: number): Changes => ({
  ticket: { touched_at: now },
  entries: [
    { kind: 'containment-answered', actor: personId, body: { answer, reason } },
    { kind: 'commented', actor: 'system', body: { text: `This was answered for ${maxAsked} machines, and more wait: answer once more.` } },
  ],
})

async function loadAsked(tx: Tx, parentId: string): Promise<TicketCase[]> {
  const tickets = await tx
    .selectFrom('tickets')
    .selectAll()
    .where('parent_id', '=', parentId)
    .where('containment', '=', 'asked')
    .where('resolved_at', 'is', null)
    .orderBy('number')
    .limit(maxAsked + 1)
    .execute()
  return loadCases(tx, tickets)
}

/**
 * What the fleet's limit holds, whoever's it is: only people who reach every organisation see the ticket that asks. Whoever
 * answers for one organisation nevertheless answers for none but that.
 */
async function loadHeld(tx: Tx, personId: string, now: number): Promise<TicketCase[]> {
  const person = await tx.selectFrom('people').select('organisation_id').where('id', '=', personId).executeTakeFirst()
  const within = person?.organisation_id ?? undefined
  const tickets = await tx
    .selectFrom('tickets')
    .selectAll()
    .where('containment', '=', 'asked')
    .where('resolved_at', 'is', null)
    .where('endpoint_id', 'is not', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('timeline')
          .select('timeline.id')
          .whereRef('timeline.ticket_id', '=', 'tickets.id')
          .where('timeline.kind', '=', 'containment-asked')
          .where('timeline.body', 'like', '%"brake":"fleet"%')
          .where('timeline.at', '>', now - days(1)),
      ),
    )
    .$if(within !== undefined, (held) => held.where('organisation_id', '=', within ?? ''))
    .orderBy('number')
    .limit(maxAsked + 1)
    .execute()
  return loadCases(tx, tickets)
}

/** What becomes of each is done after this, some at a time. */
export function actForAll(work: TicketCase, { act, resolution, note, person }: Act & ForAll, now: number): Decided {
  if (work.ticket.gathers === null) return nothingUnder
  const acted = apply(work, actOnChildren(work, person.id, act, note, now), now)
  if (act !== 'close') return { kind: 'work', work: acted }
  if (resolution === undefined) return noResolution
  const ending = resolved(acted, person.id, resolution, note, now)
  if (ending.kind === 'illegal') return ending
  const ended = apply(acted, ending.changes, now)
  return { kind: 'work', work: apply(ended, endClocks(ended, person.id, now), now) }
}
