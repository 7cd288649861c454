import { sql } from 'kysely'
import type { z } from 'zod'
import type { NoiseExceptionList, NoiseMeterQuery, NoisePreview, NoisePreviewQuery } from '#shared/api/noise.ts'
import { compareSeverity, Severity } from '#shared/domain/severity.ts'
import type { Noted } from '../../figures/noise-meter.ts'
import type { TicketsTable } from '../../store/tables/ticket.ts'
import type { View } from '../view.ts'

/** So many are listed; the rest is counted. */
const maxListed = 100

type Told = Pick<TicketsTable, 'id' | 'organisation_id' | 'endpoint_id' | 'kind' | 'fingerprint' | 'severity'>

export const readTold = (view: View, ticketId: string): Promise<Told | undefined> =>
  view
    .tickets()
    .select(['tickets.id', 'tickets.organisation_id', 'tickets.endpoint_id', 'tickets.kind', 'tickets.fingerprint', 'tickets.severity'])
    .where('tickets.id', '=', ticketId)
    .executeTakeFirst()

/** Tickets since then that an exception would have spared: of the same reach and trouble, and no worse. */
export async function readSpared(
  view: View,
  ticket: Told,
  { scope, tag, what }: z.output<typeof NoisePreviewQuery>,
  since: number,
): Promise<Pick<NoisePreview, 'count' | 'tickets'>> {
  const noWorse = Severity.options.filter((severity) => compareSeverity(severity, ticket.severity) <= 0)
  const spared = view
    .tickets()
    .leftJoin('endpoints', 'endpoints.id', 'tickets.endpoint_id')
    .where('tickets.organisation_id', '=', ticket.organisation_id)
    .where('tickets.kind', '=', ticket.kind)
    .where('tickets.opened_at', '>', since)
    .where('tickets.severity', 'in', noWorse)
    .$if(what === 'same', (some) => some.where('tickets.fingerprint', '=', ticket.fingerprint))
    .$if(scope === 'endpoint', (some) => some.where('tickets.endpoint_id', '=', ticket.endpoint_id ?? ''))
    .$if(scope === 'tag', (some) => some.where('endpoints.tags', 'like', `%"${tag ?? ''}"%`))
  const [{ count }, rows] = await Promise.all([
    spared.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow(),
    spared
      .select(['tickets.id', 'number', 'title', 'priority', 'opened_at', 'hostname'])
      .orderBy('opened_at', 'desc')
      .orderBy('tickets.id', 'desc')
      .limit(maxListed)
      .execute(),
  ])
  return { count: Number(count), tickets: rows.map(({ opened_at, ...row }) => ({ ...row, openedAt: opened_at })) }
}

/** Those in force, the newest first. Why is the provider's own note, which a customer doesn't read. */
export async function readExceptions(
  view: View,
  organisationId: string | undefined,
  now: number,
): Promise<z.output<typeof NoiseExceptionList>> {
  const rows = await view
    .noiseExceptions()
    .selectAll('noise_exceptions')
    .select(({ selectFrom }) =>
      selectFrom('suppressed_signals')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('suppressed_signals.by_id', '=', 'noise_exceptions.id')
        .as('spared'),
    )
    .where('ended_at', 'is', null)
    .where('until_at', '>', now)
    .$if(organisationId !== undefined, (some) => some.where('organisation_id', '=', organisationId ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  const names = await view.namesOf([...new Set(rows.map(({ created_by }) => created_by))])
  return {
    exceptions: rows.map((row) => ({
      ...{ id: row.id, organisationId: row.organisation_id, scope: row.scope, value: row.scope_value, kind: row.kind },
      ...{ fingerprint: row.fingerprint, severity: row.severity, processSha256: row.process_sha256, ticketId: row.ticket_id },
      ...{
        reason: view.scope === 'all' ? row.reason : '',
        createdBy: names.get(row.created_by) ?? '',
        createdAt: row.created_at,
        until: row.until_at,
      },
      spared: Number(row.spared ?? 0),
    })),
  }
}

/** What is counted in a period: few rows, however many tickets there are. */
export async function readNoted(view: View, query: z.output<typeof NoiseMeterQuery>): Promise<Noted> {
  const [machines, tickets, pages, alarms] = await Promise.all([
    countMachines(view, query),
    countTickets(view, query),
    countPages(view, query),
    countAlarms(view, query),
  ])
  const of = (rows: readonly { isWorkstation: number; count: number }[], isWorkstation: 0 | 1): number =>
    Number(rows.find((row) => Number(row.isWorkstation) === isWorkstation)?.count ?? 0)
  return {
    ...{ workstations: of(machines, 1), servers: of(machines, 0), workstationTickets: of(tickets, 1), serverTickets: of(tickets, 0) },
    ...{ pages: Number(pages.count), securityTickets: Number(alarms.count), falseAlarms: Number(alarms.falseAlarms ?? 0) },
  }
}

type Asked = z.output<typeof NoiseMeterQuery>

const isWorkstation = sql<number>`case when coalesce(endpoints.confirmed_role, inventories.role) = 'workstation' then 1 else 0 end`

const countMachines = (view: View, { from, to, organisationId }: Asked) =>
  view
    .endpoints()
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(({ fn }) => [isWorkstation.as('isWorkstation'), fn.countAll<number>().as('count')])
    .where('enrolled_at', '<', to)
    .where(({ eb, or }) => or([eb('removed_at', 'is', null), eb('removed_at', '>=', from)]))
    .$if(organisationId !== undefined, (some) => some.where('endpoints.organisation_id', '=', organisationId ?? ''))
    .groupBy(isWorkstation)
    .execute()

const countTickets = (view: View, asked: Asked) =>
  openedIn(view, asked)
    .innerJoin('endpoints', 'endpoints.id', 'tickets.endpoint_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(({ fn }) => [isWorkstation.as('isWorkstation'), fn.countAll<number>().as('count')])
    .where('tickets.kind', 'not like', 'request.%')
    .groupBy(isWorkstation)
    .execute()

const countAlarms = (view: View, asked: Asked) =>
  openedIn(view, asked)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .select(sql<number | null>`sum(case when tickets.resolution = 'false-alarm' then 1 else 0 end)`.as('falseAlarms'))
    .where('tickets.kind', 'like', 'security.%')
    .executeTakeFirstOrThrow()

const openedIn = (view: View, { from, to, organisationId, team }: Asked) =>
  view
    .tickets()
    .where('tickets.opened_at', '>=', from)
    .where('tickets.opened_at', '<', to)
    .$if(organisationId !== undefined, (some) => some.where('tickets.organisation_id', '=', organisationId ?? ''))
    .$if(team !== undefined, (some) => some.where('tickets.team', '=', team ?? ''))

/** The collector writes the bodies itself, each without a space. */
const countPages = (view: View, { from, to, organisationId, team }: Asked) =>
  view
    .timeline()
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('timeline.kind', '=', 'paged')
    .where('timeline.at', '>=', from)
    .where('timeline.at', '<', to)
    .where('timeline.body', 'like', '%"isPage":true%')
    .where('timeline.body', 'not like', '{"to":[],%')
    .$if(organisationId !== undefined, (some) => some.where('tickets.organisation_id', '=', organisationId ?? ''))
    .$if(team !== undefined, (some) => some.where('tickets.team', '=', team ?? ''))
    .executeTakeFirstOrThrow()
