import type { z } from 'zod'
import type { CommandDetail } from '#shared/api/commands.ts'
import type { CommandList, CommandQuery } from '#shared/api/endpoints.ts'
import { FoundOut } from '#shared/domain/command.ts'
import type { View } from '../view.ts'
import { found } from './found.ts'
import { olderThan, type Place, pageOf } from './page.ts'
import { actorName } from './tickets.ts'

/** What the order over many machines says that it was part of. */
const whyDropped = ({ status, bulk_note }: { status: string; bulk_note: string | null }): string | null =>
  status === 'dropped' && bulk_note ? bulk_note : null

/** One command with its life; undefined: there is none in this scope. */
export async function readCommand(view: View, id: string, live: CommandDetail['live']): Promise<CommandDetail | undefined> {
  const row = await view
    .commands()
    .leftJoin('bulks', 'bulks.id', 'commands.bulk_id')
    .selectAll('commands')
    .select('bulks.note as bulk_note')
    .where('commands.id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  const files = view.archives().select(['bytes', 'sha256']).where('id', '=', id).where('completed_at', 'is not', null)
  const archive = (await files.executeTakeFirst()) ?? null
  const foundOut = row.resolution === null ? null : FoundOut.parse(JSON.parse(row.resolution))
  const names = await view.namesOf([row.requested_by, ...(foundOut ? [foundOut.by] : [])])
  const result = row.result === null ? null : (JSON.parse(row.result) as { detail: string; output?: Record<string, unknown> })
  return {
    ...{ id, verb: row.verb, endpointId: row.endpoint_id, ticketId: row.ticket_id, status: row.status, risk: row.risk },
    ...{ requestedBy: actorName(row.requested_by, names), reason: row.reason, requestedAt: row.requested_at, expiresAt: row.expires_at },
    ...{ sentAt: row.sent_at, deliveredAt: row.delivered_at, runningAt: row.running_at, settledAt: row.settled_at },
    ...{ detail: result?.detail ?? whyDropped(row), output: result?.output ?? null, live: row.settled_at === null ? live : null },
    archive,
    found: foundOut && { ...foundOut, by: actorName(foundOut.by, names) },
  }
}

/** What was asked of one machine, the newest first. */
export async function listCommands(view: View, endpointId: string, { before, limit }: z.output<typeof CommandQuery>): Promise<CommandList> {
  const last = before === undefined ? undefined : await placeOf(view, endpointId, before)
  const asked = await view
    .commands()
    .leftJoin('bulks', 'bulks.id', 'commands.bulk_id')
    .selectAll('commands')
    .select('bulks.note as bulk_note')
    .where('commands.endpoint_id', '=', endpointId)
    .where(olderThan(['commands.requested_at', 'commands.id'], last))
    .orderBy('commands.requested_at', 'desc')
    .orderBy('commands.id', 'desc')
    .limit(limit + 1)
    .execute()
  const { page: rows, hasMore } = pageOf(asked, limit)
  const names = await view.namesOf([...new Set(rows.map(({ requested_by }) => requested_by))])
  const commands = rows.map((row) => ({
    ...{ id: row.id, verb: row.verb, status: row.status, requestedBy: actorName(row.requested_by, names), reason: row.reason },
    ...{ requestedAt: row.requested_at, sentAt: row.sent_at, deliveredAt: row.delivered_at, runningAt: row.running_at },
    settledAt: row.settled_at,
    detail: row.result === null ? whyDropped(row) : (JSON.parse(row.result) as { detail: string }).detail,
    found: row.resolution === null ? null : FoundOut.parse(JSON.parse(row.resolution)),
  }))
  return { commands, hasMore }
}

async function placeOf(view: View, endpointId: string, id: string): Promise<Place> {
  const commands = view.commands().select(['commands.requested_at as at', 'commands.id']).where('commands.endpoint_id', '=', endpointId)
  return found('command', await commands.where('commands.id', '=', id).executeTakeFirst())
}
