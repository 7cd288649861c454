import type { PutRows } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { PresencesTable } from '../store/tables/presence.ts'
import type { SettlingsTable } from '../store/tables/suppress.ts'

/** These machines are being updated or started, or were; the latest word holds. */
export async function noteSettlings(tx: Tx, putRows: PutRows, settlings: readonly SettlingsTable[]): Promise<void> {
  const latest = new Map(settlings.map((row) => [row.endpoint_id, row]))
  await putRows(tx, 'settlings', [...latest.values()], { replaceWhere: ['endpoint_id'] })
}

/** Who announced a reboot or an update, and who is there again after one. */
export async function noteGoings(tx: Tx, putRows: PutRows, rows: readonly PresencesTable[], now: number): Promise<void> {
  const announced = rows.flatMap(({ endpoint_id, goodbye }) =>
    goodbye === 'reboot' || goodbye === 'update' ? [{ endpoint_id, why: 'reboot' as const, began_at: now, back_at: null }] : [],
  )
  await noteSettlings(tx, putRows, announced)
  const there = rows.flatMap(({ endpoint_id, goodbye, is_connected }) => (is_connected === 1 && goodbye === null ? endpoint_id : []))
  if (there.length === 0) return
  const returned = tx.updateTable('settlings').set({ back_at: now }).where('endpoint_id', 'in', there)
  await returned.where('why', '=', 'reboot').where('back_at', 'is', null).execute()
}
