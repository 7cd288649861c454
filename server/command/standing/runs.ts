import type { Kysely } from 'kysely'
import { plainText } from '#shared/domain/plain-text.ts'
import { minutes } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import type { Entry } from '../../pipeline/changes.ts'
import type { Database } from '../../store/schema.ts'
import type { Tx } from '../../store/store.ts'
import type { CommandsTable } from '../../store/tables/command.ts'
import { putDesired, type ReportedResult } from '../command.ts'
import { orderIn } from './keep.ts'

/*
 * What machines did by themselves becomes a command like any other, made when its result comes: with its line on the
 * ticket of what triggered it, in the audit and on the machine's page. Meets: a machine that invents runs. It can claim
 * only what was signed for its organisation, each run once, and no more than were signed.
 */

/** Before results are settled. */
export async function adoptRuns(tx: Tx, results: readonly ReportedResult[], now: number): Promise<void> {
  for (const { endpointId, result } of results) if (result.standing) await adopt(tx, endpointId, result, result.standing, now)
}

async function adopt(
  tx: Tx,
  endpointId: string,
  result: ResultRecord,
  run: NonNullable<ResultRecord['standing']>,
  now: number,
): Promise<void> {
  // A database that refuses a text would stop everybody's results.
  if ([result.commandId, run.orderId, run.fingerprint ?? ''].some((text) => plainText(text) !== text)) return
  const signed = await tx
    .selectFrom('standing_orders')
    .innerJoin('endpoints', 'endpoints.organisation_id', 'standing_orders.organisation_id')
    .select(['payload', 'risk', 'standing_orders.organisation_id'])
    .where('endpoints.id', '=', endpointId)
    .where('standing_orders.id', '=', run.orderId)
    .where('number', '=', run.number)
    .where('state', '=', 'signed')
    .executeTakeFirst()
  const order = signed && orderIn(signed)
  if (!signed || order?.verb !== result.verb || run.run > order.mostRuns || (await isKnown(tx, endpointId, result.commandId, run))) return
  const ticketId = run.fingerprint === null ? null : await ticketOf(tx, endpointId, run.fingerprint)
  const about = { endpointId, organisationId: signed.organisation_id, ticketId, risk: signed.risk }
  const reason = `standing order “${order.name}”, run ${run.run} of ${order.mostRuns}`
  await tx
    .insertInto('commands')
    .values(rowOf(result, about, reason, now))
    .execute()
  const link = { command_id: result.commandId, order_id: run.orderId, number: run.number, endpoint_id: endpointId, run: run.run }
  await tx
    .insertInto('standing_commands')
    .values({ ...link, about: run.fingerprint })
    .execute()
  if (result.verb === 'isolate-host' && result.outcome === 'succeeded')
    await putDesired(tx, endpointId, { desired: 'isolated', desired_at: now, desired_by: 'system' })
}

async function isKnown(
  tx: Tx,
  endpointId: string,
  commandId: string,
  { orderId, number, run }: NonNullable<ResultRecord['standing']>,
): Promise<boolean> {
  const command = await tx.selectFrom('commands').select('id').where('id', '=', commandId).executeTakeFirst()
  if (command) return true
  const runs = tx.selectFrom('standing_commands').select('command_id').where('order_id', '=', orderId).where('number', '=', number)
  return (await runs.where('endpoint_id', '=', endpointId).where('run', '=', run).executeTakeFirst()) !== undefined
}

async function ticketOf(tx: Tx, endpointId: string, fingerprint: string): Promise<string | null> {
  const tickets = tx.selectFrom('tickets').select('id').where('endpoint_id', '=', endpointId).where('fingerprint', '=', fingerprint)
  return (await tickets.where('resolved_at', 'is', null).orderBy('id', 'desc').executeTakeFirst())?.id ?? null
}

interface About {
  endpointId: string
  organisationId: string
  ticketId: string | null
  risk: CommandsTable['risk']
}

const rowOf = (
  result: ResultRecord,
  { endpointId, organisationId, ticketId, risk }: About,
  reason: string,
  now: number,
): CommandsTable => ({
  ...{ id: result.commandId, organisation_id: organisationId, endpoint_id: endpointId, ticket_id: ticketId, verb: result.verb },
  ...{ args: '{}', risk, status: 'running', requested_by: 'agent', reason, requested_at: now, expires_at: now + minutes(10) },
  ...{ jws: null, payload: null, signatures: null, sent_at: null, delivered_at: now, running_at: now, settled_at: null },
  ...{ result: null, resolution: null, bulk_id: null },
})

type SayOnTimeline = (tx: Tx, ticketId: string, entry: Entry) => Promise<void>
/** A ticket opens within a second of its signal; a collector that catches up takes longer. */
const looksForTicketMs = minutes(15)

/** Runs of which no ticket is known yet. */
export const unjoined = (db: Kysely<Database>, now: number) =>
  db
    .selectFrom('standing_commands')
    .innerJoin('commands', 'commands.id', 'standing_commands.command_id')
    .select(['commands.id', 'commands.endpoint_id', 'commands.verb', 'commands.status', 'commands.result', 'about'])
    .where('run', 'is not', null)
    .where('about', 'is not', null)
    .where('commands.ticket_id', 'is', null)
    .where('commands.settled_at', '>', now - looksForTicketMs)
    .execute()

/** A result may overtake the ticket it belongs to. @returns how many found theirs. */
export async function joinTickets(tx: Tx, sayOnTimeline: SayOnTimeline, now: number): Promise<number> {
  let found = 0
  for (const { id, endpoint_id, verb, status, result, about } of await unjoined(tx, now)) {
    const ticketId = await ticketOf(tx, endpoint_id, about ?? '')
    if (ticketId === null) continue
    found += 1
    await tx.updateTable('commands').set({ ticket_id: ticketId }).where('id', '=', id).execute()
    const { detail = '' } = JSON.parse(result ?? '{}') as { detail?: string }
    await sayOnTimeline(tx, ticketId, {
      at: now,
      kind: 'command-settled',
      actor: 'agent',
      body: { commandId: id, verb, outcome: status, detail },
    })
  }
  return found
}
