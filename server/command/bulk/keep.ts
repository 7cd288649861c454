import { randomUUIDv7 } from 'node:crypto'
import { commands as definitions } from '#shared/commands/registry.ts'
import { stageAt } from '#shared/domain/bulk.ts'
import { Fault } from '#shared/domain/fault.ts'
import type { PutRows } from '../../pipeline/changes.ts'
import type { Tx } from '../../store/store.ts'
import type { BulksTable, CommandsTable } from '../../store/tables/command.ts'
import { desiredBy, keepDesired, rowOf } from '../command.ts'

/*
 * The rows of bulk orders: the order, who has their turn when, and a command of its own for each machine whose turn has
 * come. Machines whose turn hasn't come have no command, because whatever is queued goes out.
 * Promises: whoever changes the state of an order does so by what it was, so of two at once one does.
 */

export interface BulkWanted {
  id: string
  organisationId: string
  verb: string
  args: Record<string, unknown>
  requestedBy: string
  reason: string
  expiresAt: number
  /** In the order of their turns. */
  endpointIds: readonly string[]
  sizes: readonly number[]
  failPercent: number
  waitMs: number
}

export async function requestBulk(tx: Tx, putRows: PutRows, wanted: BulkWanted, now: number): Promise<void> {
  const { id, verb, args, endpointIds } = wanted
  const definition = definitions.get(verb)
  if (!definition) throw new Fault('command-unknown', `There is no command "${verb}".`)
  const row: BulksTable = {
    ...{ id, organisation_id: wanted.organisationId, verb, args: JSON.stringify(definition.args.parse(args)), risk: definition.risk },
    ...{ status: 'requested', requested_by: wanted.requestedBy, reason: wanted.reason, requested_at: now, expires_at: wanted.expiresAt },
    ...{ sizes: JSON.stringify(wanted.sizes), fail_percent: wanted.failPercent, wait_ms: wanted.waitMs, stage: 0, stage_begun_at: null },
    ...{ judged_from: null, note: '', jws: null, payload: null, signatures: null, settled_at: null },
  }
  await putRows(tx, 'bulks', [row], 'ignore')
  const targets = endpointIds.map((endpoint_id, place) => ({ bulk_id: id, place, endpoint_id }))
  await putRows(tx, 'bulk_targets', targets, 'ignore')
}

export type BulkHead = Omit<BulksTable, 'jws' | 'payload'>

/** The turn of this stage has come. @returns whose; undefined: somebody else changed the order meanwhile. */
export async function beginStage(tx: Tx, putRows: PutRows, bulk: BulkHead, stage: number, now: number): Promise<string[] | undefined> {
  const begun = tx
    .updateTable('bulks')
    .set({ stage: stage + 1, stage_begun_at: now })
    .where('id', '=', bulk.id)
  const { numUpdatedRows } = await begun.where('status', '=', 'running').where('stage', '=', stage).executeTakeFirst()
  if (numUpdatedRows !== 1n) return undefined
  const sizes = JSON.parse(bulk.sizes) as number[]
  const targets = tx.selectFrom('bulk_targets').innerJoin('endpoints', 'endpoints.id', 'bulk_targets.endpoint_id')
  const there = await targets
    .select(['place', 'endpoint_id'])
    .where('bulk_id', '=', bulk.id)
    .where('endpoints.removed_at', 'is', null)
    .execute()
  const endpointIds = there.filter(({ place }) => stageAt(sizes, place) === stage).map(({ endpoint_id }) => endpoint_id)
  const wanted = endpointIds.map((endpointId) => wantedOf(bulk, endpointId))
  await putRows(
    tx,
    'commands',
    wanted.map((each): CommandsTable => ({ ...rowOf(each, {}, now), status: 'queued', expires_at: bulk.expires_at, bulk_id: bulk.id })),
    'ignore',
  )
  if (desiredBy[bulk.verb]) for (const each of wanted) await keepDesired(tx, each, now)
  return endpointIds
}

const wantedOf = ({ verb, args, organisation_id: organisationId, requested_by: requestedBy, reason }: BulkHead, endpointId: string) => ({
  ...{ id: randomUUIDv7(), verb, args: JSON.parse(args) as Record<string, unknown>, requestedBy, reason },
  ...{ organisationId, endpointId, ticketId: null },
})

/** What became of commands on the way, as hints are told. */
export type Dropped = Pick<CommandsTable, 'id' | 'organisation_id' | 'endpoint_id'>

/** What has not arrived is taken back. One that has nevertheless answers, and then that is the fact. */
async function dropUndelivered(tx: Tx, bulkId: string, now: number): Promise<Dropped[]> {
  const dropped = tx.updateTable('commands').set({ status: 'dropped', settled_at: now }).where('bulk_id', '=', bulkId)
  const waiting = dropped.where('status', 'in', ['queued', 'unsigned', 'sent', 'held']).where('settled_at', 'is', null)
  return waiting.returning(['id', 'organisation_id', 'endpoint_id']).execute()
}

/** @returns what was taken back; undefined: it does not run. */
export async function stopBulk(tx: Tx, id: string, why: string, now: number): Promise<Dropped[] | undefined> {
  const stopped = tx.updateTable('bulks').set({ status: 'stopped', note: why }).where('id', '=', id).where('status', '=', 'running')
  const { numUpdatedRows } = await stopped.executeTakeFirst()
  return numUpdatedRows === 1n ? dropUndelivered(tx, id, now) : undefined
}

/** A person goes on: what failed until now is forgiven, and what was taken back has its turn again. @returns whether it was stopped. */
export async function goOnBulk(tx: Tx, id: string, now: number): Promise<boolean> {
  const on = tx.updateTable('bulks').set({ status: 'running', note: '', judged_from: now, stage_begun_at: now }).where('id', '=', id)
  const { numUpdatedRows } = await on.where('status', '=', 'stopped').where('expires_at', '>', now).executeTakeFirst()
  if (numUpdatedRows !== 1n) return false
  const again = tx.updateTable('commands').set({ status: 'queued', settled_at: null, sent_at: null }).where('bulk_id', '=', id)
  await again.where('status', '=', 'dropped').execute()
  return true
}

/** It goes no further. @returns what was taken back; undefined: it had ended before. */
export async function endBulk(
  tx: Tx,
  id: string,
  as: 'done' | 'ended' | 'expired',
  note: string,
  now: number,
): Promise<Dropped[] | undefined> {
  const ended = tx.updateTable('bulks').set({ status: as, note, settled_at: now, jws: null }).where('id', '=', id)
  const { numUpdatedRows } = await ended.where('settled_at', 'is', null).executeTakeFirst()
  if (numUpdatedRows !== 1n) return undefined
  return as === 'ended' ? dropUndelivered(tx, id, now) : []
}
