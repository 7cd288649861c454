import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Scope } from '../people/caller.ts'
import type { Database } from '../store/schema.ts'

/*
 * Enters: a scope. Leaves: the tables as that scope may see them, to be narrowed and joined further.
 * Promises: it is the only way from a resource to the store, so no query forgets its organisation (invariant 8); what
 * belongs to a ticket or an endpoint is reached through it. It reads on a connection of its own and writes nothing.
 * On failure: throws. Threat: a sign-in of one organisation that asks for another's data.
 */

export type View = ReturnType<typeof createView>

/** `system` and `agent` are nobody's. */
const isId = /^[0-9a-f]{8}-/

export function createView(reader: Kysely<Database>, scope: Scope) {
  const within = (column: string) => (scope === 'all' ? sql<SqlBool>`1 = 1` : sql<SqlBool>`${sql.ref(column)} = ${scope}`)
  const ofEndpoints = within('endpoints.organisation_id')
  const ofTickets = sql<SqlBool>`(${within('tickets.organisation_id')} and ${noStormUnless(scope)})`
  const samples = () => reader.selectFrom('samples').innerJoin('endpoints', 'endpoints.id', 'samples.endpoint_id').where(ofEndpoints)

  return {
    scope,
    organisations: () => reader.selectFrom('organisations').where(within('organisations.id')),
    sites: () => reader.selectFrom('sites').where(within('sites.organisation_id')),
    requesters: () => reader.selectFrom('requesters').where(within('requesters.organisation_id')),
    people: () => reader.selectFrom('people').where(within('people.organisation_id')),
    sources: () => reader.selectFrom('sources').where(within('sources.organisation_id')),
    receivers: () => reader.selectFrom('receivers').where(within('receivers.organisation_id')),
    endpoints: () => reader.selectFrom('endpoints').where(ofEndpoints),
    tickets: () => reader.selectFrom('tickets').where(ofTickets),
    over: () => overTickets(reader, scope),
    samples,
    /** Every `step`th of `range`, the first included, oldest first. */
    everyNth: (range: ReturnType<typeof samples>, step: number) =>
      reader
        .selectFrom(range.select(['samples.body', sql<number>`row_number() over (order by samples.at)`.as('nth')]).as('numbered'))
        .select('numbered.body')
        .where(sql<SqlBool>`(numbered.nth - 1) % ${sql.lit(step)} = 0`)
        .orderBy('numbered.nth'),
    rollups: () => reader.selectFrom('rollups').innerJoin('endpoints', 'endpoints.id', 'rollups.endpoint_id').where(ofEndpoints),
    ...saidBy(reader, ofEndpoints),
    ...cutOff(reader, ofEndpoints),
    gaps: () => reader.selectFrom('gaps').innerJoin('endpoints', 'endpoints.id', 'gaps.endpoint_id').where(ofEndpoints),
    refusedRecords: () =>
      reader.selectFrom('refused_records').innerJoin('endpoints', 'endpoints.id', 'refused_records.endpoint_id').where(ofEndpoints),
    certificates: () =>
      reader.selectFrom('certificates').innerJoin('endpoints', 'endpoints.id', 'certificates.endpoint_id').where(ofEndpoints),
    foundLines: () => reader.selectFrom('found_lines').where(within('found_lines.organisation_id')),
    signals: () => reader.selectFrom('signals').where(within('signals.organisation_id')),
    timeline: () => reader.selectFrom('timeline').innerJoin('tickets', 'tickets.id', 'timeline.ticket_id').where(ofTickets),
    timers: () => reader.selectFrom('timers').innerJoin('tickets', 'tickets.id', 'timers.ticket_id').where(ofTickets),

    ...quietOf(reader, within),
    ...askedOf(reader, within),

    /** What concerns no organisation, or all of them, is the provider's. */
    audit: () => reader.selectFrom('audit').where(within('audit.organisation_id')),
    /** Tokens are their maker's, whatever the scope. */
    tokensOf: (personId: string) => reader.selectFrom('api_tokens').where('api_tokens.person_id', '=', personId),
    /** What a restore leaves is the provider's; its routes say so. */
    restores: () => reader.selectFrom('restores'),
    forgottenEndpoints: () => reader.selectFrom('forgotten_endpoints'),
    suspendedTokens: () =>
      reader.selectFrom('api_tokens').where('api_tokens.suspended_at', 'is not', null).where('api_tokens.revoked_at', 'is', null),
    /** Mails that wait belong to nobody yet, so they are the provider's; its route says so. */
    heldMails: () => reader.selectFrom('mails').where('mails.status', '=', 'held'),
    /** The matrix is the provider's; its route says so. */
    matrixVersions: () => reader.selectFrom('matrix_versions'),
    /** Names of those who acted. Staff of the provider act on everybody's tickets, and a portal says who. */
    namesOf: async (ids: string[]): Promise<Map<string, string>> => {
      if (ids.length === 0) return new Map()
      const rows = await reader.selectFrom('people').select(['id', 'name']).where('id', 'in', ids).execute()
      const others = ids.filter((id) => isId.test(id) && !rows.some((row) => row.id === id))
      const requesters =
        others.length === 0 ? [] : await reader.selectFrom('requesters').select(['id', 'name']).where('id', 'in', others).execute()
      return new Map([...rows, ...requesters].map(({ id, name }) => [id, name]))
    },
  }
}

/** What machines say of themselves, as they said it last. */
const saidBy = (reader: Kysely<Database>, ofEndpoints: RawBuilder<SqlBool>) => ({
  inventories: () => reader.selectFrom('inventories').innerJoin('endpoints', 'endpoints.id', 'inventories.endpoint_id').where(ofEndpoints),
  software: () => reader.selectFrom('software').innerJoin('endpoints', 'endpoints.id', 'software.endpoint_id').where(ofEndpoints),
})

/** What is wanted and true of machines' networks, and who has agreed to let one back. */
const cutOff = (reader: Kysely<Database>, ofEndpoints: RawBuilder<SqlBool>) => ({
  isolations: () => reader.selectFrom('isolations').innerJoin('endpoints', 'endpoints.id', 'isolations.endpoint_id').where(ofEndpoints),
  releaseConsents: () =>
    reader.selectFrom('release_consents').innerJoin('endpoints', 'endpoints.id', 'release_consents.endpoint_id').where(ofEndpoints),
})

/** What was asked of machines, and what they brought. */
function askedOf(reader: Kysely<Database>, within: (column: string) => RawBuilder<SqlBool>) {
  return {
    commands: () => reader.selectFrom('commands').where(within('commands.organisation_id')),
    bulks: () => reader.selectFrom('bulks').where(within('bulks.organisation_id')),
    bulkTargets: () =>
      reader
        .selectFrom('bulk_targets')
        .innerJoin('endpoints', 'endpoints.id', 'bulk_targets.endpoint_id')
        .where(within('endpoints.organisation_id')),
    standingOrders: () => reader.selectFrom('standing_orders').where(within('standing_orders.organisation_id')),
    standingCommands: () =>
      reader
        .selectFrom('standing_commands')
        .innerJoin('commands', 'commands.id', 'standing_commands.command_id')
        .where(within('commands.organisation_id')),
    archives: () => reader.selectFrom('archives').where(within('archives.organisation_id')),
  }
}

/** What keeps machines quiet. */
function quietOf(reader: Kysely<Database>, within: (column: string) => RawBuilder<SqlBool>) {
  return {
    maintenanceWindows: () => reader.selectFrom('maintenance_windows').where(within('maintenance_windows.organisation_id')),
    noiseExceptions: () => reader.selectFrom('noise_exceptions').where(within('noise_exceptions.organisation_id')),
    suppressedSignals: () =>
      reader
        .selectFrom('suppressed_signals')
        .innerJoin('signals', 'signals.id', 'suppressed_signals.signal_id')
        .where(within('suppressed_signals.organisation_id')),
    /** Detectors are armed or not for everybody; the route says that it is the provider's. */
    disarmedDetectors: () => reader.selectFrom('disarmed_detectors'),
    /** So are rules. */
    watchedRules: () => reader.selectFrom('watched_rules'),
  }
}

/** For a query of tickets: the ticket over each, where this scope sees it and it is open. */
const overTickets = (reader: Kysely<Database>, scope: Scope) =>
  reader
    .selectFrom('tickets as over')
    .select('over.id')
    .whereRef('over.id', '=', sql.ref('tickets.parent_id'))
    .where('over.resolved_at', 'is', null)
    .where(scope === 'all' ? sql<SqlBool>`1 = 1` : sql<SqlBool>`(over.organisation_id = ${scope} and over.gathers <> 'storm')`)

/** A storm is the provider's, whatever organisation its ticket stands in: its words come from several. So is the fleet's one question. */
const noStormUnless = (scope: Scope) =>
  scope === 'all'
    ? sql<SqlBool>`1 = 1`
    : sql<SqlBool>`((tickets.gathers is null or tickets.gathers <> 'storm') and tickets.kind <> 'security.containment.held')`
