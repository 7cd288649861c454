import type { CommandDetail } from '#shared/api/commands.ts'
import { FoundOut } from '#shared/domain/command.ts'
import type { View } from '../view.ts'
import { actorName } from './tickets.ts'

/** What the order over many machines says that it was part of. */
export const whyDropped = ({ status, bulk_note }: { status: string; bulk_note: string | null }): string | null =>
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
  const found = row.resolution === null ? null : FoundOut.parse(JSON.parse(row.resolution))
  const names = await view.namesOf([row.requested_by, ...(found ? [found.by] : [])])
  const result = row.result === null ? null : (JSON.parse(row.result) as { detail: string; output?: Record<string, unknown> })
  return {
    ...{ id, verb: row.verb, endpointId: row.endpoint_id, ticketId: row.ticket_id, status: row.status, risk: row.risk },
    ...{ requestedBy: actorName(row.requested_by, names), reason: row.reason, requestedAt: row.requested_at, expiresAt: row.expires_at },
    ...{ sentAt: row.sent_at, deliveredAt: row.delivered_at, runningAt: row.running_at, settledAt: row.settled_at },
    ...{ detail: result?.detail ?? whyDropped(row), output: result?.output ?? null, live: row.settled_at === null ? live : null },
    archive,
    found: found && { ...found, by: actorName(found.by, names) },
  }
}
