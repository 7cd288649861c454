import type { Kysely } from 'kysely'
import type { Tier } from '#shared/domain/tier.ts'
import type { Entry } from '../pipeline/changes.ts'
import { loadSubjects } from '../pipeline/load.ts'
import { columnsOfSignal } from '../pipeline/world.ts'
import type { Arrival } from '../simulate/arrivals.ts'
import { streamOf } from '../simulate/random.ts'
import type { Database } from '../store/schema.ts'
import { requestIn } from './history-acts.ts'

/** What came to this desk, as it is recorded: its signals and requests; each takes the tier in which people ended its ticket. */
export async function recordedArrivals(reader: Kysely<Database>, seed: number, from: number, until: number): Promise<Arrival[]> {
  const signals = await reader
    .selectFrom('signals')
    .select([...columnsOfSignal, 'ticket_id'])
    .where('received_at', '>=', from)
    .where('received_at', '<', until)
    .orderBy('arrival')
    .execute()
  const tickets = await reader.selectFrom('tickets').selectAll().where('last_signal_at', '>=', from).execute()
  const opened = await reader
    .selectFrom('timeline')
    .innerJoin('tickets', 'tickets.id', 'timeline.ticket_id')
    .select(['timeline.ticket_id', 'timeline.at', 'timeline.kind', 'timeline.actor', 'timeline.body'])
    .whereRef('timeline.at', '=', 'tickets.opened_at')
    .where('tickets.opened_at', '>=', from)
    .where('tickets.opened_at', '<', until)
    .where('tickets.kind', 'like', 'request.%')
    .orderBy('timeline.id')
    .execute()
  const subjects = await loadSubjects(reader, [...signals, ...tickets])
  const needs = new Map<string, Tier>(
    tickets.flatMap(({ id, tier, touched_at, resolved_at }) => (touched_at === null || resolved_at === null ? [] : [[id, tier]])),
  )
  const hidden = (ticketId: string | null, count: number) => ({
    ...{ needs: needs.get(ticketId ?? ''), waitsMs: null, clearsAfterMs: null, isOnce: false, random: streamOf(seed, count) },
  })
  const ofSignals = signals.flatMap(({ ticket_id, ...signal }, count): Arrival[] => {
    const subject = subjects.of(signal)
    return subject ? [{ at: signal.received_at, subject, what: { kind: 'signal', signal }, ...hidden(ticket_id, count) }] : []
  })
  const lines = Map.groupBy(opened, ({ ticket_id }) => ticket_id)
  const ofPeople = tickets.flatMap((ticket, count): Arrival[] => {
    const entries = (lines.get(ticket.id) ?? []).map(({ body, ...entry }): Entry => ({ ...entry, body: JSON.parse(body) as Entry['body'] }))
    const [request, subject] = [requestIn(entries), subjects.of(ticket)]
    if (!request || !subject) return []
    return [{ at: ticket.opened_at, subject, what: { kind: 'request', request }, ...hidden(ticket.id, -count - 2), isOnce: true }]
  })
  return [...ofSignals, ...ofPeople].sort((a, b) => a.at - b.at)
}
