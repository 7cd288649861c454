import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'
import { days } from '#shared/domain/time.ts'
import type { LoneIsolation } from '../command/contain.ts'
import type { Staff } from '../escalate/crew.ts'
import { vipOf } from '../people/requesters.ts'
import type { Capabilities } from '../store/capabilities.ts'
import type { Database } from '../store/schema.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { caseOf, type Requester, type Subject, type TicketCase, type Timer } from './changes.ts'

/*
 * What the stages decide on, read in few queries however many signals there are: whom each is about, the newest ticket
 * of the same trouble, and what is due on those tickets.
 */

/** A transaction, or the database outside of one. */
type From = Kysely<Database>

export interface Subjects {
  /** undefined: the organisation or the endpoint is gone. */
  of(from: { endpoint_id: string | null; organisation_id: string }): Subject | undefined
}

export async function loadSubjects(from: From, of: readonly { endpoint_id: string | null; organisation_id: string }[]): Promise<Subjects> {
  const endpointIds = [...new Set(of.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
  const organisationIds = [...new Set(of.flatMap(({ endpoint_id, organisation_id }) => (endpoint_id === null ? organisation_id : [])))]
  const [endpoints, organisations] = await Promise.all([readEndpoints(from, endpointIds), readOrganisations(from, organisationIds)])
  const byEndpoint = new Map(endpoints.map((subject) => [subject.endpoint?.id, subject]))
  const byOrganisation = new Map(organisations.map((subject) => [subject.organisation.id, subject]))
  return {
    of: ({ endpoint_id, organisation_id }) => (endpoint_id === null ? byOrganisation.get(organisation_id) : byEndpoint.get(endpoint_id)),
  }
}

/** Longer than any ticket stays reopenable. */
export const memoryMs = days(60)

type Trouble = Pick<TicketsTable, 'organisation_id' | 'endpoint_id' | 'fingerprint'>

/** A round's way to name many keys: the statement stays the same, however many there are. */
export type Listed = Capabilities['listed']

export const among = (
  listed: Listed,
  columns: readonly [string, ...string[]],
  keys: readonly (readonly string[])[],
): RawBuilder<SqlBool> => {
  const names = Object.fromEntries(columns.map((_, place) => [`key_${place}`, 'text' as const]))
  const rows = keys.map((key) => Object.fromEntries(key.map((value, place) => [`key_${place}`, value])))
  return sql<SqlBool>`(${sql.join(columns.map((column) => sql.ref(column)))}) in ${listed(names, rows)}`
}

/** The tickets of these troubles, oldest first, and what is due on them by their ids. */
export interface Standing {
  tickets: readonly TicketsTable[]
  timers: ReadonlyMap<string, Timer[]>
}

export async function loadStanding(from: From, listed: Listed, troubles: readonly Trouble[], now: number): Promise<Standing> {
  const read = await Promise.all(
    ticketsOf(from, listed, troubles).map(async (theirs) => {
      const recent = theirs.where(({ eb, or }) => or([eb('resolved_at', 'is', null), eb('resolved_at', '>', now - memoryMs)]))
      const due = theirs
        .innerJoin('timers', 'timers.ticket_id', 'tickets.id')
        .where('fired_at', 'is', null)
        .where('cancelled_at', 'is', null)
      return Promise.all([recent.selectAll('tickets').execute(), due.select(columnsOfTimer).execute()])
    }),
  )
  return {
    tickets: read.flatMap(([tickets]) => tickets).sort((a, b) => a.opened_at - b.opened_at),
    timers: byTicket(read.flatMap(([, timers]) => timers)),
  }
}

/** One query for those of machines, by the index of their troubles, and one for those of none. */
function ticketsOf(from: From, listed: Listed, troubles: readonly Trouble[]) {
  const ofEndpoints = troubles.flatMap(({ endpoint_id, fingerprint }) => (endpoint_id === null ? [] : [[endpoint_id, fingerprint]]))
  const ofOthers = troubles.filter(({ endpoint_id }) => endpoint_id === null)
  const tickets = from.selectFrom('tickets')
  return [
    ...(ofEndpoints.length === 0
      ? []
      : [tickets.where(among(listed, ['tickets.endpoint_id', 'tickets.fingerprint'], distinct(ofEndpoints)))]),
    ...(ofOthers.length === 0
      ? []
      : [
          tickets
            .where('tickets.endpoint_id', 'is', null)
            .where(among(listed, ['tickets.fingerprint'], distinct(ofOthers.map(({ fingerprint }) => [fingerprint]))))
            .where(among(listed, ['tickets.organisation_id'], distinct(ofOthers.map(({ organisation_id }) => [organisation_id])))),
        ]),
  ]
}

const distinct = (keys: readonly string[][]): string[][] => [...new Map(keys.map((key) => [key.join(' '), key])).values()]

export const loadTickets = (from: From, ids: readonly string[]): Promise<TicketsTable[]> =>
  ids.length === 0 ? Promise.resolve([]) : from.selectFrom('tickets').selectAll().where('id', 'in', ids).execute()

/** Tickets with whom they are about and what is due on them. */
export async function loadCases(from: From, tickets: readonly TicketsTable[]): Promise<TicketCase[]> {
  if (tickets.length === 0) return []
  const ids = tickets.map(({ id }) => id)
  const [subjects, timers, requesters] = await Promise.all([
    loadSubjects(from, tickets),
    readTimers(from, ids),
    loadRequesters(from, tickets),
  ])
  return casesOf({ tickets, timers }, subjects).map((work) => {
    const requester = requesters.get(work.ticket.requester_id ?? '')
    return requester ? { ...work, subject: { ...work.subject, requester } } : work
  })
}

/** Machines ask for nothing, so a group of signals never reads this. */
export async function loadRequesters(from: From, tickets: readonly TicketsTable[]): Promise<Map<string, Requester>> {
  const ids = [...new Set(tickets.flatMap(({ requester_id }) => requester_id ?? []))]
  if (ids.length === 0) return new Map()
  const columns = ['id', 'name', 'mail', 'language', 'time_zone as timeZone', 'is_vip', 'technician_id'] as const
  const rows = await from.selectFrom('requesters').select(columns).where('id', 'in', ids).execute()
  return new Map(rows.map(({ is_vip, technician_id, ...row }) => [row.id, { ...row, vip: vipOf({ is_vip, technician_id }) }]))
}

/** Without those whose organisation or endpoint is gone. */
export const casesOf = ({ tickets, timers }: Standing, subjects: Subjects): TicketCase[] =>
  tickets.flatMap((ticket) => {
    const subject = subjects.of(ticket)
    return subject ? [caseOf(ticket, subject, timers.get(ticket.id) ?? [])] : []
  })

/** Those of these troubles of machines that are true now, as far as ingest has heard. */
export async function loadConditions(from: From, listed: Listed, troubles: readonly Trouble[]): Promise<(Trouble & { source_id: null })[]> {
  if (troubles.length === 0) return []
  const keys = troubles.map(({ endpoint_id, fingerprint }) => [endpoint_id ?? '', fingerprint])
  const rows = await from
    .selectFrom('conditions')
    .select(['endpoint_id', 'fingerprint'])
    .where(among(listed, ['endpoint_id', 'fingerprint'], distinct(keys)))
    .execute()
  return rows.map((row) => ({ ...row, organisation_id: '', source_id: null }))
}

/** Machines that were isolated since `since` without a person; of every organisation, for the fleet's limit counts them all and shows none. */
export async function loadLoneIsolations(from: From, since: number): Promise<LoneIsolation[]> {
  const rows = await from
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
    .execute()
  return rows
}

const columnsOfTimer = ['timers.id', 'timers.ticket_id', 'timers.kind', 'timers.due_at'] as const
type TimerRow = Pick<TimersTable, 'id' | 'ticket_id' | 'kind' | 'due_at'>

async function readTimers(from: From, ticketIds: string[]): Promise<Map<string, Timer[]>> {
  const open = from.selectFrom('timers').select(columnsOfTimer).where('fired_at', 'is', null).where('cancelled_at', 'is', null)
  return byTicket(await open.where('ticket_id', 'in', ticketIds).execute())
}

function byTicket(rows: readonly TimerRow[]): Map<string, Timer[]> {
  const timers = new Map<string, Timer[]>()
  for (const { id, ticket_id, kind, due_at } of rows.toSorted((a, b) => a.due_at - b.due_at)) {
    const timer = { id, kind, dueAt: due_at }
    const known = timers.get(ticket_id ?? '')
    if (known) known.push(timer)
    else timers.set(ticket_id ?? '', [timer])
  }
  return timers
}

async function readEndpoints(from: From, ids: string[]): Promise<Subject[]> {
  if (ids.length === 0) return []
  const rows = await from
    .selectFrom('endpoints')
    .innerJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
    .leftJoin('sites', 'sites.id', 'endpoints.site_id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('isolations', 'isolations.endpoint_id', 'endpoints.id')
    .select([
      'organisations.id as organisationId',
      'organisations.name',
      'mode',
      'plan',
      'organisations.time_zone as timeZone',
      'organisations.language',
      'organisations.own_it',
      'organisations.stopped_until as stoppedUntil',
    ])
    .select([
      'endpoints.id as endpointId',
      'hostname',
      'tags',
      'is_new',
      'enrolled_at',
      'confirmed_role',
      'inventories.role',
      'desired',
      'actual',
    ])
    .select(['sites.id as siteId', 'sites.time_zone as siteTimeZone'])
    .where('endpoints.id', 'in', ids)
    .execute()
  const onTheirWay = await readOnTheirWay(
    from,
    rows.flatMap(({ desired, endpointId }) => (desired === 'isolated' ? endpointId : [])),
  )
  return rows.map(({ organisationId, name, mode, plan, timeZone, language, own_it, stoppedUntil, ...row }) => ({
    organisation: { id: organisationId, name, mode, plan, timeZone, language, ownIt: listIn(own_it), stoppedUntil },
    site: row.siteId === null ? null : { id: row.siteId, timeZone: row.siteTimeZone },
    endpoint: {
      ...{ id: row.endpointId, hostname: row.hostname, tags: listIn(row.tags) },
      isNewSince: row.is_new === 1 ? row.enrolled_at : undefined,
    },
    ...roleOf(row.confirmed_role, row.role),
    isolation: row.desired && row.actual ? { desired: row.desired, actual: row.actual, isOnItsWay: onTheirWay.has(row.endpointId) } : null,
  }))
}

/** Endpoints that an isolate-host without an answer is going to; one that is held goes nowhere. */
async function readOnTheirWay(from: From, endpointIds: string[]): Promise<Set<string>> {
  if (endpointIds.length === 0) return new Set()
  const rows = await from
    .selectFrom('commands')
    .select('endpoint_id')
    .where('endpoint_id', 'in', endpointIds)
    .where('verb', '=', 'isolate-host')
    .where('settled_at', 'is', null)
    .where('status', '!=', 'held')
    .execute()
  return new Set(rows.map(({ endpoint_id }) => endpoint_id))
}

const listIn = (text = '[]'): readonly string[] => (text === '[]' ? [] : (JSON.parse(text) as string[]))

function roleOf(confirmed: Role | null, found: Role | null): Pick<Subject, 'role' | 'roleSource'> {
  if (confirmed !== null) return { role: confirmed, roleSource: 'person' }
  return found === null || found === 'unknown' ? { role: 'unknown', roleSource: 'unknown' } : { role: found, roleSource: 'facts' }
}

async function readOrganisations(from: From, ids: string[]): Promise<Subject[]> {
  if (ids.length === 0) return []
  const rows = await from
    .selectFrom('organisations')
    .select(['id', 'name', 'mode', 'plan', 'time_zone as timeZone', 'language', 'own_it', 'stopped_until as stoppedUntil'])
    .where('id', 'in', ids)
    .execute()
  return rows.map(({ own_it, ...row }) => {
    const organisation = { ...row, ownIt: listIn(own_it) }
    return { organisation, site: null, endpoint: null, role: 'unknown', roleSource: 'unknown', isolation: null }
  })
}

/** Who may be given tickets. */
export async function loadStaff(from: From): Promise<Staff[]> {
  const rows = await from
    .selectFrom('people')
    .select(['id', 'teams', 'is_admin', 'organisation_id'])
    .where('disabled_at', 'is', null)
    .execute()
  return rows.map(({ id, teams, is_admin, organisation_id }) => ({
    ...{ id, teams: JSON.parse(teams) as string[], isAdmin: is_admin === 1, organisationId: organisation_id },
  }))
}
