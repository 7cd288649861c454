import { raiseWithin } from '../ingest/handled.ts'
import { loadFirstWays, pagedFor, passToPerson } from '../notify/notify.ts'
import type { OutboxOptions } from '../notify/outbox.ts'
import { adminsOf, isAway, type Member, membersOf, onCall, type Roster, rosterFor } from '../people/roster.ts'
import { loadRoster } from '../people/rosters.ts'
import type { Matrices } from './matrices.ts'

/**
 * Somebody could be paged by none of their ways: the page goes to whoever is called next, who was not called for this ticket
 * in the last few minutes; at last to the whole team and the admins. Where nobody is left, a trouble of our own says so.
 */
export function createPassOn({ rules }: Pick<Matrices, 'rules'>): NonNullable<OutboxOptions['onUnreached']> {
  return async (tx, { ticketId, row }, now) => {
    const { matrix } = rules
    const ticket = await tx
      .selectFrom('tickets')
      .select(['team', 'status', 'organisation_id', 'site_id'])
      .where('id', '=', ticketId)
      .executeTakeFirst()
    if (ticket?.status !== 'new') return
    const roster = await loadRoster(tx, (team) => matrix.teams[team]?.passesTo, now)
    const line = inLine(rosterFor(roster, ticket.organisation_id, ticket.site_id), ticket.team, now)
    const ways = await loadFirstWays(
      tx,
      line.map(({ id }) => id),
    )
    const tried = await pagedFor(tx, ticketId, now)
    const next = line.find(({ id }) => ways.has(id) && !tried.has(id))
    if (next) return passToPerson(tx, row, { name: next.name, receiverId: ways.get(next.id) ?? '' }, now)
    await raiseWithin(
      tx,
      {
        ...{ organisationId: ticket.organisation_id, endpointId: null, kind: 'system.paging.dead', severity: 'critical' },
        fingerprint: 'system.paging.dead',
        summary: `No page for ${ticket.team} was accepted by anybody's notifier`,
        facts: { ticketId, team: ticket.team },
      },
      now,
    )
  }
}

const inLine = (roster: Roster, team: string, at: number): Member[] => {
  const everybody = [...onCall(roster, team, at).people, ...membersOf(roster, team), ...adminsOf(roster)]
  return [...new Set(everybody)].filter(({ id }) => !isAway(roster, id, at))
}
