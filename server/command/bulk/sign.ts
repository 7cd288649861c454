import { randomBytes } from 'node:crypto'
import type { CommandOrder } from '#shared/domain/command.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { whyNotByCollector } from '#shared/protocol/command-powers.ts'
import type { Store, Tx } from '../../store/store.ts'
import type { BulksTable, CommandsTable } from '../../store/tables/command.ts'
import { askedBy } from '../asked-by.ts'
import { headOrNone, rolesOf, type SignNeeds } from '../sign.ts'
import type { BulkHead } from './keep.ts'

/*
 * One signature over the whole list: by the collector's key where every machine of it takes that, else by operators, over the
 * very bytes that say which machines, in which stages, up to which failures. The stages guard against mistakes of those who
 * ask. They guard against nobody who runs the collector: he holds the signed order and may send it to the whole list at
 * once, and to nobody else, once each, until it expires.
 */

/** @returns why operators have to sign; undefined: it runs. */
export async function signBulk(needs: SignNeeds, bulk: BulkHead, now: number): Promise<string | undefined> {
  const targets = needs.db.selectFrom('bulk_targets').select('endpoint_id').where('bulk_id', '=', bulk.id).orderBy('place')
  const endpoints = (await targets.execute()).map(({ endpoint_id }) => endpoint_id)
  const why = await whyOperators(needs, bulk, endpoints)
  const nameOf = await askedBy(needs.db, [bulk.requested_by])
  const order = { ...orderOf(bulk, endpoints, now), requestedBy: nameOf(bulk.requested_by) }
  const auditHead = why === undefined ? undefined : await headOrNone(needs)
  const kept: Partial<BulksTable> =
    why === undefined
      ? { status: 'running', jws: await needs.sign(order), note: '' }
      : {
          status: 'unsigned',
          payload: canonicalJson({ ...order, ...(auditHead !== undefined && { auditHead }) }),
          signatures: '[]',
          note: why,
        }
  await needs.db.transaction().execute(async (tx) => {
    const update = tx.updateTable('bulks').set(kept).where('id', '=', bulk.id).where('status', '=', 'requested')
    const { numUpdatedRows } = await update.executeTakeFirst()
    if (why === undefined && numUpdatedRows === 1n) await giveTurnsBack(tx, bulk, now)
  })
  return why
}

/** Whose turn had come when it was asked for anew has it again, and their stage its whole wait. */
export async function giveTurnsBack(tx: Tx, { id, stage }: Pick<BulksTable, 'id' | 'stage'>, now: number): Promise<void> {
  if (stage === 0) return
  await tx.updateTable('bulks').set({ stage_begun_at: now }).where('id', '=', id).execute()
  await tx.updateTable('commands').set({ status: 'queued' }).where('bulk_id', '=', id).where('status', '=', 'unsigned').execute()
}

export async function whyOperators(
  { db, register }: Pick<SignNeeds, 'db' | 'register'>,
  { verb, risk }: Pick<BulksTable, 'verb' | 'risk'>,
  endpointIds: readonly string[],
): Promise<string | undefined> {
  if (!register?.()) return undefined
  const roles = await rolesOf(db, endpointIds)
  const reasons = endpointIds.map((id) => whyNotByCollector(verb, risk, roles.get(id) ?? 'unknown'))
  return reasons.find((why) => why !== undefined)
}

type Asked = Pick<BulksTable, 'id' | 'verb' | 'args' | 'expires_at' | 'reason' | 'sizes' | 'fail_percent' | 'wait_ms'>

export function orderOf(bulk: Asked, endpoints: string[], now: number): Omit<CommandOrder, 'requestedBy'> {
  return {
    ...{ id: bulk.id, verb: bulk.verb, args: JSON.parse(bulk.args) as CommandOrder['args'], endpoints },
    ...{ nonce: randomBytes(16).toString('base64url'), issuedAt: now, expiresAt: bulk.expires_at },
    reason: bulk.reason.slice(0, 500),
    staged: { sizes: JSON.parse(bulk.sizes) as number[], failPercent: bulk.fail_percent, waitMs: bulk.wait_ms },
  }
}

/**
 * What the collector signed before operators were named is asked for anew as a whole: the machines whose turn had come and
 * that have not answered wait with it.
 * @returns commands that may go out once more.
 */
export async function withoutOverruledBulks(needs: SignNeeds, commands: readonly CommandsTable[]): Promise<CommandsTable[]> {
  const ids = [...new Set(commands.flatMap(({ bulk_id }) => bulk_id ?? []))]
  if (ids.length === 0 || !needs.register?.()) return [...commands]
  const own = needs.db.selectFrom('bulks').select(['id', 'verb', 'risk']).where('id', 'in', ids)
  const bulks = await own.where('status', '=', 'running').where('signatures', 'is', null).execute()
  const overruled = new Set<string>()
  for (const bulk of bulks) {
    const about = commands.filter(({ bulk_id }) => bulk_id === bulk.id).map(({ endpoint_id }) => endpoint_id)
    if ((await whyOperators(needs, bulk, about)) !== undefined) overruled.add(bulk.id)
  }
  for (const id of overruled) await askAnew(needs.db, id)
  return commands.filter(({ bulk_id }) => bulk_id === null || !overruled.has(bulk_id))
}

async function askAnew(db: Store['db'], id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const back = tx.updateTable('bulks').set({ status: 'requested', jws: null }).where('id', '=', id)
    const { numUpdatedRows } = await back.where('status', '=', 'running').executeTakeFirst()
    if (numUpdatedRows !== 1n) return
    const waiting = tx.updateTable('commands').set({ status: 'unsigned', sent_at: null }).where('bulk_id', '=', id)
    await waiting.where('status', 'in', ['queued', 'sent']).where('settled_at', 'is', null).execute()
  })
}
