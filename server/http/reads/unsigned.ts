import type { z } from 'zod'
import type { UnsignedCommands, UnsignedQuery } from '#shared/api/commands.ts'
import type { Needs } from '../needs.ts'
import type { View } from '../view.ts'
import { found } from './found.ts'
import { newerThan, type Place } from './page.ts'

/** Each may be a thousand machines. */
const maxBulks = 20

type Shown = UnsignedCommands['commands'][number]
type ShownAs = Needs['signing']['shown']
interface Waiting {
  at: number
  id: string
  shown: Shown
}

/** What waits for operators, the oldest first: commands and orders over many machines, in one row. */
export async function readUnsigned(view: View, shownAs: ShownAs, query: z.output<typeof UnsignedQuery>): Promise<UnsignedCommands> {
  const last = query.after === undefined ? undefined : await placeOf(view, query.after)
  const [single, bulks] = await Promise.all([singleAfter(view, shownAs, last, query.limit + 1), bulksAfter(view, shownAs, last)])
  const inOrder = [...single, ...bulks].toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  const bulkTooMany = bulks[maxBulks]
  const end = Math.min(query.limit, bulkTooMany ? inOrder.indexOf(bulkTooMany) : query.limit)
  return { commands: inOrder.slice(0, end).map(({ shown }) => shown), hasMore: inOrder.length > end }
}

async function singleAfter(view: View, shownAs: ShownAs, last: Place, limit: number): Promise<Waiting[]> {
  const rows = await view
    .commands()
    .innerJoin('endpoints', 'endpoints.id', 'commands.endpoint_id')
    .select(['commands.id', 'payload', 'signatures', 'verb', 'risk', 'endpoint_id', 'commands.organisation_id', 'endpoints.hostname'])
    .select('commands.requested_at')
    .where('commands.status', '=', 'unsigned')
    .where('commands.bulk_id', 'is', null)
    .where(newerThan(['commands.requested_at', 'commands.id'], last))
    .orderBy('commands.requested_at')
    .orderBy('commands.id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    ...{ at: row.requested_at, id: row.id },
    shown: { ...shownAs(row), isBulk: false, machines: [{ id: row.endpoint_id, name: row.hostname }] },
  }))
}

/** Each with all of its machines; one more than a page has. */
async function bulksAfter(view: View, shownAs: ShownAs, last: Place): Promise<Waiting[]> {
  const rows = await view
    .bulks()
    .select(['id', 'payload', 'signatures', 'verb', 'risk', 'organisation_id', 'requested_at'])
    .where('status', '=', 'unsigned')
    .where(newerThan(['bulks.requested_at', 'bulks.id'], last))
    .orderBy('requested_at')
    .orderBy('id')
    .limit(maxBulks + 1)
    .execute()
  const ids = rows.map((row) => row.id)
  const targets = view.bulkTargets().select(['bulk_id', 'endpoint_id', 'endpoints.hostname']).orderBy('place')
  const machines = ids.length === 0 ? [] : await targets.where('bulk_id', 'in', ids).execute()
  return rows.map((row) => {
    const own = machines.filter(({ bulk_id }) => bulk_id === row.id)
    const named = own.map(({ endpoint_id: id, hostname: name }) => ({ id, name }))
    return { at: row.requested_at, id: row.id, shown: { ...shownAs(row), isBulk: true, machines: named } }
  })
}

/** Also of one that was signed meanwhile. */
async function placeOf(view: View, id: string): Promise<Place> {
  const command = await view.commands().select(['requested_at as at', 'id']).where('id', '=', id).executeTakeFirst()
  return command ?? found('command', await view.bulks().select(['requested_at as at', 'id']).where('id', '=', id).executeTakeFirst())
}
