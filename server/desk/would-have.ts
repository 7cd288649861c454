import type { Kysely } from 'kysely'
import type { Entry, TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { playAs } from '../rehearsal/as-mode.ts'
import { readRecorded } from '../rehearsal/recorded.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * What going live would have changed. Enters: what was recorded of an organisation since it observes. Leaves: tickets for which
 * more would have been done: the record played twice, as it is and live, by the functions that decide; what differs is shown.
 */

/** One ticket that would have been something else, had the organisation been live. */
export interface WouldHave {
  ticket: Pick<TicketsTable, 'id' | 'number' | 'kind' | 'title' | 'priority' | 'team' | 'opened_at'>
  hostname: string | null
  /** People called, who were not. */
  isPaging: boolean
  /** The process that the agent accused halted at once. */
  halts: boolean
  /** `auto`: at once; `unanswered`: because nobody answered in time. */
  isolates: 'auto' | 'unanswered' | null
}
export interface Preview {
  since: number
  tickets: number
  would: WouldHave[]
  /** There were more signals than were looked at. */
  isPartial: boolean
}

/** The newest of so many days are enough to decide by. */
const maxSignals = 10_000

export async function previewOf(reader: Kysely<Database>, rules: Rules, organisationId: string, now: number): Promise<Preview | undefined> {
  const organisation = await reader.selectFrom('organisations').selectAll().where('id', '=', organisationId).executeTakeFirst()
  if (!organisation) return undefined
  const since = organisation.mode_since ?? organisation.created_at
  const recorded = await readRecorded(reader, organisationId, since, maxSignals)
  const [was, would] = [await playAs('observe', recorded, rules, now), await playAs('live', recorded, rules, now)]
  const looked = [...would].filter(([, { ticket }]) => ticket.organisation_id === organisationId)
  return {
    ...{ since, tickets: looked.length, isPartial: recorded.isPartial },
    would: looked
      .flatMap(([id, live]) => differenceOf(recorded.tickets.get(id)?.ticket ?? live.ticket, was.get(id), live) ?? [])
      .sort((a, b) => a.ticket.number - b.ticket.number),
  }
}

/** undefined: it would have been the same (pure). */
function differenceOf(ticket: TicketsTable, was: TicketCase | undefined, live: TicketCase): WouldHave | undefined {
  const isPaging = isPaged(live) && !(was && isPaged(was))
  const [halts, isolates] = [live.entries.some(isOrder('suspend-process')), isolationOf(live)]
  if (!isPaging && !halts && isolates === null) return undefined
  return { ticket, hostname: live.subject.endpoint?.hostname ?? null, isPaging, halts, isolates }
}

const isOrder =
  (verb: string) =>
  ({ kind, actor, body }: Entry): boolean =>
    kind === 'command-requested' && actor === 'system' && body.verb === verb

const isPaged = ({ entries }: TicketCase): boolean =>
  entries.some(({ kind, body }) => (kind === 'paged' && body.isPage === true) || (typeof body.tell === 'string' && body.page === true))

function isolationOf({ entries }: TicketCase): WouldHave['isolates'] {
  const order = entries.find(isOrder('isolate-host'))
  if (!order) return null
  const isUnanswered = entries.some(({ kind, at, body }) => kind === 'containment-answered' && at === order.at && body.why === 'unanswered')
  return isUnanswered ? 'unanswered' : 'auto'
}
