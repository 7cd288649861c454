import type { Restored } from '#shared/api/restored.ts'
import type { View } from '../view.ts'
import { actorName } from './tickets.ts'

/** More of a kind than anybody goes through at once; the rest follows as these are decided. */
const maxRows = 500

export async function readRestored(view: View): Promise<Restored> {
  const [last, awaited, endpoints, commands, tokens, sources] = await Promise.all([
    view.restores().selectAll().orderBy('restored_at', 'desc').limit(1).executeTakeFirst(),
    view
      .endpoints()
      .select((count) => count.fn.countAll<number>().as('total'))
      .where('word_awaited_since', 'is not', null)
      .executeTakeFirstOrThrow(),
    endpointsOf(view),
    commandsOf(view),
    tokensOf(view),
    sourcesOf(view),
  ])
  return {
    last: last ? { restoredAt: last.restored_at, madeAt: last.made_at, program: last.program } : null,
    endpointsAwaited: Number(awaited.total),
    ...{ endpoints, commands, tokens, sources },
  }
}

async function endpointsOf(view: View): Promise<Restored['endpoints']> {
  const waiting = view.forgottenEndpoints().selectAll().where('adopted_at', 'is', null)
  const rows = await waiting.orderBy('last_seen_at', 'desc').limit(maxRows).execute()
  return rows.map(({ endpoint_id, serial, hostname, platform, address, first_seen_at, last_seen_at }) => ({
    ...{ id: endpoint_id, serial, hostname, platform, address, firstSeenAt: first_seen_at, lastSeenAt: last_seen_at },
  }))
}

async function commandsOf(view: View): Promise<Restored['commands']> {
  const rows = await view
    .commands()
    .innerJoin('endpoints', 'endpoints.id', 'commands.endpoint_id')
    .select(['commands.id', 'verb', 'reason', 'requested_by', 'requested_at', 'ticket_id', 'endpoint_id', 'hostname'])
    .where('commands.status', '=', 'held')
    .orderBy('requested_at')
    .limit(maxRows)
    .execute()
  const names = await view.namesOf([...new Set(rows.map(({ requested_by }) => requested_by))])
  return rows.map(({ id, verb, reason, requested_by, requested_at, ticket_id, endpoint_id, hostname }) => ({
    ...{ id, verb, reason, requestedBy: actorName(requested_by, names), requestedAt: requested_at },
    ...{ ticketId: ticket_id, endpoint: { id: endpoint_id, name: hostname } },
  }))
}

async function tokensOf(view: View): Promise<Restored['tokens']> {
  const rows = await view
    .suspendedTokens()
    .innerJoin('people', 'people.id', 'api_tokens.person_id')
    .select(['api_tokens.id', 'api_tokens.name', 'api_tokens.created_at', 'people.id as personId', 'people.name as personName'])
    .orderBy('people.name')
    .limit(maxRows)
    .execute()
  return rows.map(({ id, name, created_at, personId, personName }) => ({
    ...{ id, name, createdAt: created_at, person: { id: personId, name: personName } },
  }))
}

async function sourcesOf(view: View): Promise<Restored['sources']> {
  const rows = await view
    .sources()
    .innerJoin('organisations', 'organisations.id', 'sources.organisation_id')
    .select(['sources.id', 'sources.name', 'sources.created_at', 'organisations.id as ownerId', 'organisations.name as ownerName'])
    .where('sources.suspended_at', 'is not', null)
    .where('sources.revoked_at', 'is', null)
    .orderBy('sources.name')
    .limit(maxRows)
    .execute()
  return rows.map(({ id, name, created_at, ownerId, ownerName }) => ({
    ...{ id, name, createdAt: created_at, organisation: { id: ownerId, name: ownerName } },
  }))
}
