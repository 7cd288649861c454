import { randomUUIDv7 } from 'node:crypto'
import { commands as definitions } from '#shared/commands/registry.ts'
import { stageAt } from '#shared/domain/bulk.ts'
import { Fault } from '#shared/domain/fault.ts'
import type { AuditEntry } from '../../audit/audit.ts'
import type { PutRows } from '../../pipeline/changes.ts'
import type { Tx } from '../../store/store.ts'
import type { BulksTable, CommandsTable } from '../../store/tables/command.ts'
import { desiredBy, keepDesired, rowOf, whomToCall } from '../command.ts'

/*
 * The rows of bulk orders: the order, who has their turn when, and a command of its own for each machine whose turn has
 * come. Machines whose turn hasn't come have no command, because whatever is queued goes out.
 * Promises: a release that comes hours later opens nothing that was isolated since; whoever changes the state of an order does so by what it was, so of two at once one does.
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
  const toTell = (await whomToCall(tx, [wanted]))(wanted)
  const row: BulksTable = {
    ...{ id, organisation_id: wanted.organisationId, verb, risk: definition.risk },
    args: JSON.stringify(definition.args.parse({ ...toTell, ...args })),
    ...{ status: 'requested', requested_by: wanted.requestedBy, reason: wanted.reason, requested_at: now, expires_at: wanted.expiresAt },
    ...{ sizes: JSON.stringify(wanted.sizes), fail_percent: wanted.failPercent, wait_ms: wanted.waitMs, stage: 0, stage_begun_at: null },
    ...{ judged_from: null, note: '', jws: null, payload: null, signatures: null, settled_at: null },
  }
  await putRows(tx, 'bulks', [row], 'ignore')
  const targets = endpointIds.map((endpoint_id, place) => ({ bulk_id: id, place, endpoint_id }))
  await putRows(tx, 'bulk_targets', targets, 'ignore')
}

export type BulkHead = Omit<BulksTable, 'jws' | 'payload'>

export interface Beginning {
  putRows: PutRows
  /** Those of these machines that can't come back now, each with why. */
  whyNotReleased(tx: Tx, endpointIds: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** The turn of this stage has come. @returns whose; undefined: somebody else changed the order meanwhile. */
export async function beginStage(tx: Tx, beginning: Beginning, bulk: BulkHead, stage: number, now: number): Promise<string[] | undefined> {
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
  const leftOut = bulk.verb === 'release-host' ? await whyLeftOut(tx, beginning, bulk, endpointIds) : new Map<string, string>()
  const wanted = endpointIds.map((endpointId) => wantedOf(bulk, endpointId))
  const rows = wanted.map((each) => ({ ...rowOf(each, {}, now), ...turnOf(leftOut.get(each.endpointId), now), ...ofBulk(bulk) }))
  await beginning.putRows(tx, 'commands', rows, 'ignore')
  const asked = wanted.filter(({ endpointId }) => !leftOut.has(endpointId))
  if (desiredBy[bulk.verb]) for (const each of asked) await keepDesired(tx, each, now)
  return asked.map(({ endpointId }) => endpointId)
}

interface LeftOut {
  endpointId: string
  isMeant(order: Pick<BulksTable, 'verb' | 'requested_by'>): boolean
  why: string
}

/** In orders that are not over, a machine whose turn hasn't come has none: it stands there with its reason. */
export async function leaveOut(tx: Tx, putRows: PutRows, { endpointId, isMeant, why }: LeftOut, now: number): Promise<void> {
  const targets = tx.selectFrom('bulk_targets').innerJoin('bulks', 'bulks.id', 'bulk_targets.bulk_id').selectAll('bulks')
  const open = await targets.where('bulk_targets.endpoint_id', '=', endpointId).where('settled_at', 'is', null).execute()
  const rows = open.filter(isMeant).map((bulk) => ({ ...rowOf(wantedOf(bulk, endpointId), {}, now), ...turnOf(why, now), ...ofBulk(bulk) }))
  // Whoever had their turn has a row, which stays.
  if (rows.length > 0) await putRows(tx, 'commands', rows, 'ignore')
}

const ofBulk = ({ id, expires_at }: BulkHead): Pick<CommandsTable, 'expires_at' | 'bulk_id'> => ({ expires_at, bulk_id: id })

/** One that is left out stands there with its reason, and has no turn later. */
const turnOf = (why: string | undefined, now: number): Partial<CommandsTable> =>
  why === undefined
    ? { status: 'queued' }
    : { status: 'dropped', settled_at: now, result: JSON.stringify({ outcome: 'refused', detail: why }) }

/** Of a release: whatever happened between its asking and this turn counts. */
async function whyLeftOut(
  tx: Tx,
  { whyNotReleased }: Beginning,
  bulk: BulkHead,
  endpointIds: readonly string[],
): Promise<Map<string, string>> {
  const since = new Set(await isolatedSince(tx, bulk))
  const waiting = await whyNotReleased(tx, endpointIds)
  const whyOf = (id: string): string | undefined => (since.has(id) ? 'It was isolated after this was asked.' : waiting.get(id))
  return new Map(
    endpointIds.flatMap((id): [string, string][] => {
      const why = whyOf(id)
      return why === undefined ? [] : [[id, why]]
    }),
  )
}

async function isolatedSince(tx: Tx, { id, requested_at }: Pick<BulksTable, 'id' | 'requested_at'>): Promise<string[]> {
  const targets = tx.selectFrom('bulk_targets').innerJoin('isolations', 'isolations.endpoint_id', 'bulk_targets.endpoint_id')
  const isolated = targets.select('bulk_targets.endpoint_id').where('bulk_id', '=', id).where('desired', '=', 'isolated')
  return (await isolated.where('desired_at', '>', requested_at).execute()).map(({ endpoint_id }) => endpoint_id)
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
  const stopped = on.where('status', '=', 'stopped').where('expires_at', '>', now)
  const bulk = await stopped.returning(['id', 'verb', 'requested_at']).executeTakeFirst()
  if (!bulk) return false
  const closed = bulk.verb === 'release-host' ? await isolatedSince(tx, bulk) : []
  const again = tx.updateTable('commands').set({ status: 'queued', settled_at: null, sent_at: null }).where('bulk_id', '=', id)
  const dropped = again.where('status', '=', 'dropped').where('result', 'is', null)
  await dropped.$if(closed.length > 0, (each) => each.where('endpoint_id', 'not in', closed)).execute()
  return true
}

/** For the audit: nobody pressed its button. */
export const endedBulk = (
  { id, organisation_id: organisationId, verb }: Pick<BulksTable, 'id' | 'organisation_id' | 'verb'>,
  reason: string,
): AuditEntry => ({
  ...{ actor: 'system', action: 'bulk.ended', target: `bulk:${id}`, organisationId, detail: { verb, reason } },
})

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
