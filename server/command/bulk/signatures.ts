import type { AuditEntry } from '../../audit/audit.ts'
import type { Tx } from '../../store/store.ts'
import { judge, type SignaturesNeeds } from '../signatures.ts'
import { giveTurnsBack } from './sign.ts'

/* Operators' signatures on a bulk order, over its very bytes: it runs once there are enough of different people. */

export interface BulkSignaturesNeeds extends Pick<SignaturesNeeds, 'db' | 'register'> {
  record(tx: Tx, entry: AuditEntry): Promise<void>
  /** Whoever hands it in; the signature itself is a line of its own. */
  recordAct?: ((tx: Tx) => Promise<void>) | undefined
}

export type BulkSigned = { kind: 'queued' | 'waits'; needed: number; signed: number } | { kind: 'refused'; reason: string }

export async function addBulkSignature(needs: BulkSignaturesNeeds, id: string, jws: string, now: number): Promise<BulkSigned> {
  const { db, register, record, recordAct } = needs
  const bulk = await db.selectFrom('bulks').selectAll().where('id', '=', id).executeTakeFirst()
  if (!bulk || now >= bulk.expires_at) return { kind: 'refused', reason: 'This order waits for no signature.' }
  const judged = await judge(bulk, register(), jws, now)
  if (judged.kind === 'refused') return judged
  const { signatures, needed } = judged
  const isEnough = signatures.length >= needed
  const changed = {
    signatures: JSON.stringify(signatures),
    ...(isEnough && { status: 'running' as const, jws: signatures[0]?.jws ?? null, note: '' }),
  }
  const isKept = await db.transaction().execute(async (tx) => {
    const update = tx.updateTable('bulks').set(changed).where('id', '=', id).where('status', '=', 'unsigned')
    const { numUpdatedRows } = await update.where('signatures', '=', bulk.signatures).executeTakeFirst()
    if (numUpdatedRows !== 1n) return false
    if (isEnough) await giveTurnsBack(tx, bulk, now)
    const signer = signatures.at(-1)
    const detail = { verb: bulk.verb, kid: signer?.kid ?? null, signed: signatures.length, needed }
    const about = { action: 'bulk.signed', target: `bulk:${id}`, organisationId: bulk.organisation_id, detail }
    await recordAct?.(tx)
    await record(tx, { actor: `operator:${signer?.operator ?? 'unknown'}`, ...about })
    return true
  })
  if (!isKept) return { kind: 'refused', reason: 'Somebody signed it at the same moment; sign it once more.' }
  return { kind: isEnough ? 'queued' : 'waits', needed, signed: signatures.length }
}
