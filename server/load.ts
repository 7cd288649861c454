import type { Role } from '#shared/domain/endpoint.ts'
import { days } from '#shared/domain/time.ts'
import { caseOf, type Subject, type TicketCase, type Timer } from './changes.ts'
import type { LoneIsolation } from './command/contain.ts'
import type { Tx } from './store/store.ts'
import type { TicketsTable } from './store/tables/ticket.ts'

/*
 * What the stages decide on, read in few queries however many signals there are: whom each is about, the newest ticket
 * of the same trouble, and what is due on those tickets.
 */

export interface Subjects {
  /** undefined: the organisation or the endpoint is gone. */
  of(from: { endpoint_id: string | null; organisation_id: string }): Subject | undefined
}

export async function loadSubjects(tx: Tx, from: readonly { endpoint_id: string | null; organisation_id: string }[]): Promise<Subjects> {
  const endpointIds = [...new Set(from.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
  const organisationIds = [...new Set(from.flatMap(({ endpoint_id, organisation_id }) => (endpoint_id === null ? organisation_id : [])))]
  const byEndpoint = new Map((await readEndpoints(tx, endpointIds)).map((subject) => [subject.endpoint?.id, subject]))
  const byOrganisation = new Map((await readOrganisations(tx, organisationIds)).map((subject) => [subject.organisation.id, subject]))
  return {
    of: ({ endpoint_id, organisation_id }) => (endpoint_id === null ? byOrganisation.get(organisation_id) : byEndpoint.get(endpoint_id)),
  }
}

/** Longer than any ticket stays reopenable. */
const memoryMs = days(60)

type Trouble = Pick<TicketsTable, 'organisation_id' | 'endpoint_id' | 'fingerprint'>

/** The tickets of these troubles, oldest first, and a few of the same machines' others. */
export async function loadTicketsOf(tx: Tx, signals: readonly Trouble[], now: number): Promise<TicketsTable[]> {
  const ofEndpoints = signals.filter(({ endpoint_id }) => endpoint_id !== null)
  const ofOthers = signals.filter(({ endpoint_id }) => endpoint_id === null)
  const recent = (rows: readonly Trouble[]) =>
    tx
      .selectFrom('tickets')
      .selectAll()
      .where('fingerprint', 'in', [...new Set(rows.map(({ fingerprint }) => fingerprint))])
      .where(({ eb, or }) => or([eb('resolved_at', 'is', null), eb('resolved_at', '>', now - memoryMs)]))
      .orderBy('opened_at')
  return [
    ...(ofEndpoints.length === 0
      ? []
      : await recent(ofEndpoints)
          .where('endpoint_id', 'in', [...new Set(ofEndpoints.map(({ endpoint_id }) => endpoint_id))])
          .execute()),
    ...(ofOthers.length === 0
      ? []
      : await recent(ofOthers)
          .where('endpoint_id', 'is', null)
          .where('organisation_id', 'in', [...new Set(ofOthers.map(({ organisation_id }) => organisation_id))])
          .execute()),
  ]
}

export const loadTickets = (tx: Tx, ids: readonly string[]): Promise<TicketsTable[]> =>
  ids.length === 0 ? Promise.resolve([]) : tx.selectFrom('tickets').selectAll().where('id', 'in', ids).execute()

/** Tickets with whom they are about and what is due on them. */
export async function loadCases(tx: Tx, tickets: readonly TicketsTable[], subjects?: Subjects): Promise<TicketCase[]> {
  if (tickets.length === 0) return []
  const known = subjects ?? (await loadSubjects(tx, tickets))
  const timers = await readTimers(
    tx,
    tickets.map(({ id }) => id),
  )
  return tickets.flatMap((ticket) => {
    const subject = known.of(ticket)
    return subject ? [caseOf(ticket, subject, timers.get(ticket.id) ?? [])] : []
  })
}

/** Those of these troubles that are true now, as far as ingest has heard. */
export async function loadConditions(tx: Tx, signals: readonly Trouble[]): Promise<(Trouble & { source_id: null })[]> {
  if (signals.length === 0) return []
  const rows = await tx
    .selectFrom('conditions')
    .select(['endpoint_id', 'fingerprint'])
    .where('endpoint_id', 'in', [...new Set(signals.map(({ endpoint_id }) => endpoint_id ?? ''))])
    .where('fingerprint', 'in', [...new Set(signals.map(({ fingerprint }) => fingerprint))])
    .execute()
  return rows.map((row) => ({ ...row, organisation_id: '', source_id: null }))
}

/** Machines that were isolated since `since` without a person. */
export async function loadLoneIsolations(tx: Tx, organisationIds: readonly string[], since: number): Promise<LoneIsolation[]> {
  if (organisationIds.length === 0) return []
  const rows = await tx
    .selectFrom('commands')
    .innerJoin('endpoints', 'endpoints.id', 'commands.endpoint_id')
    .select([
      'commands.endpoint_id as endpointId',
      'endpoints.site_id as siteId',
      'commands.organisation_id as organisationId',
      'commands.requested_at as at',
    ])
    .where('verb', '=', 'isolate-host')
    .where('requested_by', '=', 'system')
    .where('requested_at', '>', since)
    .where('commands.organisation_id', 'in', organisationIds)
    .execute()
  return rows
}

async function readTimers(tx: Tx, ticketIds: string[]): Promise<Map<string, Timer[]>> {
  const rows = await tx
    .selectFrom('timers')
    .select(['id', 'ticket_id', 'kind', 'due_at'])
    .where('ticket_id', 'in', ticketIds)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .orderBy('due_at')
    .execute()
  const byTicket = Map.groupBy(rows, ({ ticket_id }) => ticket_id ?? '')
  return new Map([...byTicket].map(([ticketId, group]) => [ticketId, group.map(({ id, kind, due_at }) => ({ id, kind, dueAt: due_at }))]))
}

async function readEndpoints(tx: Tx, ids: string[]): Promise<Subject[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('endpoints')
    .innerJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
    .leftJoin('sites', 'sites.id', 'endpoints.site_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('isolations', 'isolations.endpoint_id', 'endpoints.id')
    .select(['organisations.id as organisationId', 'organisations.name', 'mode', 'plan', 'organisations.time_zone as timeZone'])
    .select(['endpoints.id as endpointId', 'hostname', 'confirmed_role', 'inventories.role', 'desired', 'actual'])
    .select(['sites.id as siteId', 'sites.time_zone as siteTimeZone'])
    .where('endpoints.id', 'in', ids)
    .execute()
  const onTheirWay = await readOnTheirWay(
    tx,
    rows.flatMap(({ desired, endpointId }) => (desired === 'isolated' ? endpointId : [])),
  )
  return rows.map(({ organisationId, name, mode, plan, timeZone, ...row }) => ({
    organisation: { id: organisationId, name, mode, plan, timeZone },
    site: row.siteId === null ? null : { id: row.siteId, timeZone: row.siteTimeZone },
    endpoint: { id: row.endpointId, hostname: row.hostname },
    ...roleOf(row.confirmed_role, row.role),
    isolation: row.desired && row.actual ? { desired: row.desired, actual: row.actual, isOnItsWay: onTheirWay.has(row.endpointId) } : null,
  }))
}

/** Endpoints that an isolate-host without an answer is going to; one that is held goes nowhere. */
async function readOnTheirWay(tx: Tx, endpointIds: string[]): Promise<Set<string>> {
  if (endpointIds.length === 0) return new Set()
  const rows = await tx
    .selectFrom('commands')
    .select('endpoint_id')
    .where('endpoint_id', 'in', endpointIds)
    .where('verb', '=', 'isolate-host')
    .where('settled_at', 'is', null)
    .where('status', '!=', 'held')
    .execute()
  return new Set(rows.map(({ endpoint_id }) => endpoint_id))
}

function roleOf(confirmed: Role | null, found: Role | null): Pick<Subject, 'role' | 'roleSource'> {
  if (confirmed !== null) return { role: confirmed, roleSource: 'person' }
  return found === null || found === 'unknown' ? { role: 'unknown', roleSource: 'unknown' } : { role: found, roleSource: 'facts' }
}

async function readOrganisations(tx: Tx, ids: string[]): Promise<Subject[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .selectFrom('organisations')
    .select(['id', 'name', 'mode', 'plan', 'time_zone as timeZone'])
    .where('id', 'in', ids)
    .execute()
  return rows.map((organisation) => ({ organisation, site: null, endpoint: null, role: 'unknown', roleSource: 'unknown', isolation: null }))
}
