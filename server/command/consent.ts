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

/** @returns whether both sides have said it; what was said alone is kept. */
export async function isAgreed(tx: Tx, said: Omit<ReleaseConsentsTable, 'side'> & { side: ReleaseBy }): Promise<boolean> {
  const { side } = said
  if (side === 'alone') return true
  const others = tx.selectFrom('release_consents').select('side').where('endpoint_id', '=', said.endpoint_id)
  if (await others.where('side', '=', otherSide[side]).executeTakeFirst()) return true
  const { person_id, reason, at } = said
  await tx
    .insertInto('release_consents')
    .values({ ...said, side })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'side']).doUpdateSet({ person_id, reason, at }))
    .execute()
  return false
}

/** Something was ordered of its network: what was agreed before says nothing of what comes. */
export const forgetConsents = (tx: Tx, endpointId: string) =>
  tx.deleteFrom('release_consents').where('endpoint_id', '=', endpointId).execute()
