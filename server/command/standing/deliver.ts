import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { days } from '#shared/domain/time.ts'
import { longestStandingMs } from '#shared/protocol/standing-order.ts'
import type { Database } from '../../store/schema.ts'
import type { Store, Tx } from '../../store/store.ts'
import type { StandingOrdersTable } from '../../store/tables/command.ts'
import { requestCommands } from '../command.ts'
import { covered } from './covered.ts'
import { orderIn, signaturesOn } from './keep.ts'
import { newsOfPauses, pauseId } from './pauses.ts'
import { clocksOf } from './zones.ts'

/*
 * Brings what is signed to the machines that are meant: each has a command that carries it, so it is queued, sent again,
 * answered and audited like any other. Machines that come later, or become what an order is about, get theirs then.
 * Whoever had an order gets its withdrawal. A pause (stop button, observing, scripts off) goes the same way.
 */

const maxAtOnce = 500
/** One that turned it away may have been updated since. */
const againAfterMs = days(1)

/** Of each order the newest version that is signed and not past. */
export async function inForce(db: Kysely<Database>, now: number): Promise<StandingOrdersTable[]> {
  const rows = await db.selectFrom('standing_orders').selectAll().where('state', '=', 'signed').orderBy('number').execute()
  const newest = [...new Map(rows.map((row) => [row.id, row])).values()]
  return newest.filter((row) => (row.is_withdrawal === 1 ? row.asked_at + longestStandingMs : row.ends_at) > now)
}

interface Due {
  /** Of each order those that don't have it, some at a time. */
  missing: { row: StandingOrdersTable; endpointIds: string[] }[]
  /** Whoever has any. */
  meant: string[]
}

async function dueOf(db: Kysely<Database>, now: number): Promise<Due> {
  const missing: Due['missing'] = []
  const meant = new Set<string>()
  for (const row of await inForce(db, now)) {
    const endpointIds = await targets(db, row)
    if (row.is_withdrawal === 0) for (const id of endpointIds) meant.add(id)
    missing.push({ row, endpointIds: (await without(db, row, endpointIds, now)).slice(0, maxAtOnce) })
  }
  return { missing, meant: [...meant] }
}

/** Most rounds have nothing to do, and none of these holds up those who write. */
export async function isAnythingDue(db: Kysely<Database>, now: number): Promise<boolean> {
  const { missing, meant } = await dueOf(db, now)
  return missing.some(({ endpointIds }) => endpointIds.length > 0) || (await newsOfPauses(db, meant, now)).length > 0
}

/** @returns how many were asked for. */
export async function deliver(tx: Tx, store: Store, now: number): Promise<number> {
  const { missing, meant } = await dueOf(tx, now)
  let count = 0
  for (const { row, endpointIds } of missing) {
    const [first, ...others] = signaturesOn(row).map(({ jws }) => jws)
    const order = { jws: first, ...(others.length > 0 && { also: others }) }
    const clocks = hasZones(row) ? await clocksOf(tx, endpointIds) : new Map<string, string>()
    const args = (endpointId: string) => ({ order, ...(clocks.has(endpointId) && { timeZone: clocks.get(endpointId) }) })
    const reason = `${row.is_withdrawal === 1 ? 'withdrawal of the standing order' : 'standing order'} “${orderIn(row).name}”`
    await carry(tx, store, endpointIds, { row, args, reason, about: null }, now)
    count += endpointIds.length
  }
  return count + (await deliverPauses(tx, store, meant, now))
}

interface Carried {
  row: Pick<StandingOrdersTable, 'id' | 'number' | 'organisation_id' | 'asked_by'>
  args(endpointId: string): Record<string, unknown>
  reason: string
  about: string | null
}

async function carry(
  tx: Tx,
  store: Store,
  endpointIds: readonly string[],
  { row, args, reason, about }: Carried,
  now: number,
): Promise<void> {
  const wanted = endpointIds.map((endpointId) => ({
    ...{ id: randomUUIDv7(), verb: 'keep-standing-order', args: args(endpointId), reason, requestedBy: row.asked_by },
    ...{ organisationId: row.organisation_id, endpointId, ticketId: null },
  }))
  if (wanted.length === 0) return
  await requestCommands(tx, store.capabilities.putRows, wanted, now)
  const rows = wanted.map(({ id, endpointId }) => ({
    ...{ command_id: id, order_id: row.id, number: row.number, endpoint_id: endpointId, run: null, about },
  }))
  await tx.insertInto('standing_commands').values(rows).execute()
}

/** Its machines have to be told which clock is theirs. */
function hasZones(row: StandingOrdersTable): boolean {
  const { when } = orderIn(row)
  return when.kind === 'window' && when.zones !== undefined
}

async function targets(db: Kysely<Database>, row: StandingOrdersTable): Promise<string[]> {
  if (row.is_withdrawal === 0) return (await covered(db, orderIn(row))).map(({ id }) => id)
  const had = db.selectFrom('standing_commands').innerJoin('endpoints', 'endpoints.id', 'standing_commands.endpoint_id')
  const rows = await had
    .select('standing_commands.endpoint_id as id')
    .distinct()
    .where('order_id', '=', row.id)
    .where('run', 'is', null)
    .where('endpoints.removed_at', 'is', null)
    .execute()
  return rows.map(({ id }) => id)
}

async function without(
  db: Kysely<Database>,
  { id, number }: Pick<StandingOrdersTable, 'id' | 'number'>,
  endpointIds: readonly string[],
  now: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('standing_commands')
    .innerJoin('commands', 'commands.id', 'standing_commands.command_id')
    .select(['standing_commands.endpoint_id', 'commands.status', 'commands.settled_at'])
    .where('order_id', '=', id)
    .where('number', '=', number)
    .where('run', 'is', null)
    .execute()
  const isGood = ({ status, settled_at }: (typeof rows)[number]): boolean =>
    status === 'succeeded' || settled_at === null || (['refused', 'failed'].includes(status) && now - settled_at < againAfterMs)
  const have = new Set(rows.filter(isGood).map(({ endpoint_id }) => endpoint_id))
  return endpointIds.filter((each) => !have.has(each))
}

async function deliverPauses(tx: Tx, store: Store, endpointIds: readonly string[], now: number): Promise<number> {
  const news = await newsOfPauses(tx, endpointIds, now)
  for (const { endpointId, organisationId, pause } of news.slice(0, maxAtOnce)) {
    const row = { id: pauseId, number: 0, organisation_id: organisationId, asked_by: 'system' }
    const about = JSON.stringify(pause)
    await carry(tx, store, [endpointId], { row, args: () => ({ pause }), reason: 'what it may do by itself', about }, now)
  }
  return news.length
}
