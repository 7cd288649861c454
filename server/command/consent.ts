import type { Tx } from '../store/store.ts'
import type { ReleaseConsentsTable } from '../store/tables/command.ts'

/*
 * Who lets a machine back onto the network: whoever may alone; or one of the customer's own IT and one of the provider, in
 * either order (defaults §9). Promises: the first word waits, on disk, until the second is said or anything else is wanted
 * of the machine. Meets: a customer's sign-in in wrong hands, which alone releases nothing.
 */

/** `alone`: by somebody who may; `customer`: with one of the provider; `provider`: with one of the customer's own IT. */
export type ReleaseBy = 'alone' | ReleaseConsentsTable['side']

const otherSide = { customer: 'provider', provider: 'customer' } as const

export type Agreed =
  | { kind: 'waits' }
  /** Why it may come back unrestored, by whoever said so. */
  | { kind: 'agreed'; withoutRestore: string | undefined }

/** Each word is kept, also the second: where something else stands in the way, neither has to be said again. */
export async function agree(tx: Tx, { side, ...said }: Omit<ReleaseConsentsTable, 'side'> & { side: ReleaseBy }): Promise<Agreed> {
  if (side === 'alone') return { kind: 'agreed', withoutRestore: said.without_restore ?? undefined }
  const { person_id, reason, at, without_restore } = said
  await tx
    .insertInto('release_consents')
    .values({ ...said, side })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'side']).doUpdateSet({ person_id, reason, at, without_restore }))
    .execute()
  const words = tx.selectFrom('release_consents').select('without_restore').where('endpoint_id', '=', said.endpoint_id)
  const other = await words.where('side', '=', otherSide[side]).executeTakeFirst()
  return other ? { kind: 'agreed', withoutRestore: without_restore ?? other.without_restore ?? undefined } : { kind: 'waits' }
}

/** Something was ordered of its network: what was agreed before says nothing of what comes. */
export const consentsForgotten = (tx: Tx, endpointId: string) => tx.deleteFrom('release_consents').where('endpoint_id', '=', endpointId)
