import type { Kysely } from 'kysely'
import { comparePriority, type Priority } from '#shared/domain/priority.ts'
import { siteTroubleOf, stormOf } from '../correlate/gather.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { columnsOfSignal, type SignalRow, troubleOf } from '../pipeline/world.ts'
import { prioritise } from '../prioritise/prioritise.ts'
import { match } from '../route/match.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * What opened recorded tickets: a signal of its own; of a ticket over many of a site or in a storm the one that made them many, with
 * how many they were; of all others (somebody asked, a machine was too loud) its own words. Only reads.
 */

export interface Openers {
  own: ReadonlyMap<string, SignalRow>
  over: ReadonlyMap<string, { row: SignalRow; tickets: number }>
  /** By site. */
  machines: ReadonlyMap<string, number>
}

export async function openersOf(reader: Kysely<Database>, tickets: readonly TicketsTable[]): Promise<Openers> {
  const signals = reader.selectFrom('signals').select([...columnsOfSignal, 'ticket_id'])
  const ids = tickets.map(({ id }) => id)
  const said = await readSaid(
    reader,
    tickets.filter(({ gathers }) => gathers === 'site' || gathers === 'storm').map(({ id }) => id),
  )
  const [own, others, sites] = await Promise.all([
    signals.where('ticket_id', 'in', ids).orderBy('received_at', 'desc').orderBy('id', 'desc').execute(),
    signals.where('id', 'in', [...said.values()].map(({ signalId }) => signalId).concat('')).execute(),
    countMachines(reader),
  ])
  const rows = new Map(others.map((row) => [row.id, row]))
  return {
    own: new Map(own.map((row) => [row.ticket_id ?? '', row])),
    over: new Map(
      [...said].flatMap(([id, { signalId, tickets: count }]) => {
        const row = rows.get(signalId)
        return row ? [[id, { row, tickets: count }] as const] : []
      }),
    ),
    machines: sites,
  }
}

/** As the timelines of tickets over others tell how they began. */
async function readSaid(reader: Kysely<Database>, ids: readonly string[]): Promise<Map<string, { signalId: string; tickets: number }>> {
  const lines = await reader
    .selectFrom('timeline')
    .select(['ticket_id', 'kind', 'body'])
    .where('ticket_id', 'in', [...ids, ''])
    .where('kind', 'in', ['opened', 'gathers'])
    .orderBy('at')
    .orderBy('id')
    .execute()
  return new Map(
    [...Map.groupBy(lines, ({ ticket_id }) => ticket_id)].map(([id, theirs]) => {
      const said = (kind: string) => JSON.parse(theirs.find((line) => line.kind === kind)?.body ?? '{}') as Record<string, unknown>
      return [id, { signalId: String(said('opened').signalId), tickets: Number(said('gathers').tickets ?? 1) }]
    }),
  )
}

async function countMachines(reader: Kysely<Database>): Promise<Map<string, number>> {
  const counted = reader.selectFrom('endpoints').select(({ fn }) => ['site_id', fn.countAll<number | string>().as('count')])
  const rows = await counted.where('removed_at', 'is', null).groupBy('site_id').execute()
  return new Map(rows.map(({ site_id, count }) => [site_id ?? '', Number(count)]))
}

/** What a matrix would have made of it: as what, about whom, and how pressing. */
export interface Opened {
  trouble: Trouble
  subject: Subject
  priority: Priority
}

/** @param about whom the ticket is about. @param said whom the signal was about, where it is a ticket over others. */
export function openedBy(rules: Rules, ticket: TicketsTable, openers: Openers, about: Subject, said: Subject | undefined): Opened {
  const over = openers.over.get(ticket.id)
  if (over && said) return openedOver(rules, ticket, over, ticket.gathers === 'storm' ? about : said, said, openers.machines)
  const opener = openers.own.get(ticket.id)
  const trouble = opener ? troubleOf(opener, rules.matrix) : inItsWords(ticket)
  return { trouble, subject: about, priority: priorityOf(rules, trouble, about, ticket.opened_at) }
}

/** A storm presses by its kind alone; many of a site press no less than the one of them. */
function openedOver(
  rules: Rules,
  { gathers, site_id, opened_at: at }: TicketsTable,
  { row, tickets }: { row: SignalRow; tickets: number },
  subject: Subject,
  said: Subject,
  machines: Openers['machines'],
): Opened {
  const one = troubleOf(row, rules.matrix)
  if (gathers === 'storm') return { trouble: stormOf(one), subject, priority: priorityOf(rules, stormOf(one), subject, at) }
  const trouble = siteTroubleOf(one, site_id ?? '')
  const many = { machines: tickets, siteMachines: machines.get(site_id ?? '') ?? null }
  const [ofOne, ofAll] = [priorityOf(rules, one, said, at), priorityOf(rules, trouble, subject, at, many)]
  return { trouble, subject, priority: comparePriority(ofOne, ofAll) < 0 ? ofOne : ofAll }
}

function priorityOf(
  { matrix, circumstancesOf }: Rules,
  trouble: Trouble,
  subject: Subject,
  at: number,
  many?: { machines: number; siteMachines: number | null },
): Priority {
  return prioritise(matrix, match(matrix, trouble, subject), trouble, subject, circumstancesOf(subject, at, many)).priority
}

/** What a person asked for, and that something was too loud, is on its ticket and nowhere else. */
const inItsWords = ({ id, kind, severity, fingerprint, title, urgency, gathers }: TicketsTable): Trouble => ({
  ...{ signalId: id, kind, severity, state: 'happened', fingerprint, summary: title, facts: {}, ageMs: 0, happenedAt: null },
  ...(gathers === null ? { source: 'person' as const, urgency } : { source: 'collector' as const, urgency: null }),
})
