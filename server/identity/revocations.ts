import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import revocations, { maxRevocations } from '#shared/protocol/documents/revocations.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { Documents } from './documents.ts'

/*
 * Who is shut out, as the database and the signed list know it. The database is the truth of a collector that was never set
 * back; the list, which agents keep, knows what a restored one has forgotten. Each is brought up to the other.
 */

type List = z.infer<typeof revocations.content>

export interface Revocations {
  /** Rejects when it could not be committed; the list then or later. */
  revoke(endpointId: string, within?: Within): Promise<void>
  /** As the list has it. */
  isRevoked(endpointId: string): boolean
  /** What a crash or the store kept from being listed, and what an adopted list didn't name. */
  issueLate(): Promise<void>
}

export function createRevocations(needs: { store: Store; time: Time; documents: Documents; log: Logger | undefined }): Revocations {
  const { store, time, documents, log } = needs
  let isLate = true
  documents.onChanged(() => {
    isLate = true
  })

  async function issueLate(): Promise<void> {
    if (!isLate) return
    isLate = false
    try {
      await documents.issue(revocations, (latest) => listRevoked(store, latest))
    } catch (error) {
      isLate = true
      throw error
    }
  }
  return {
    revoke: async (endpointId, within) => {
      await store.db.transaction().execute(async (tx) => {
        await revokeWithin(tx, [endpointId], time.now())
        await within?.(tx)
      })
      isLate = true
      // Shut out it is already. What keeps the list from being issued is met again at the next look.
      await issueLate().catch((error: unknown) => log?.error({ reason: sentenceOf(error) }, 'the list of revocations is late'))
    },
    isRevoked: (endpointId) => documents.content(revocations)?.endpoints.includes(revocationOf(endpointId)) ?? false,
    issueLate,
  }
}

/** How an endpoint stands in the list. */
export const revocationOf = (endpointId: string): string =>
  createHash('sha256').update(endpointId).digest().subarray(0, 9).toString('base64url')

/** None of their certificates works again. */
export async function revokeWithin(tx: Tx, endpointIds: readonly string[], now: number): Promise<void> {
  if (endpointIds.length === 0) return
  await tx.updateTable('endpoints').set({ removed_at: now }).where('id', 'in', endpointIds).where('removed_at', 'is', null).execute()
  const certificates = tx.updateTable('certificates').set({ revoked_at: now })
  await certificates.where('endpoint_id', 'in', endpointIds).where('revoked_at', 'is', null).execute()
}

/** The list with everybody the database has revoked, or undefined when it names them all. */
export async function listRevoked({ db }: Store, latest: List | undefined): Promise<List | undefined> {
  const removed = db
    .selectFrom('endpoints')
    .select('id')
    .where('removed_at', 'is not', null)
    .orderBy('removed_at', 'desc')
    .orderBy('id', 'desc')
  const ours = (await removed.limit(maxRevocations).execute()).reverse().map(({ id }) => revocationOf(id))
  const known = new Set(latest?.endpoints)
  if (ours.every((each) => known.has(each))) return undefined
  const forgotten = (latest?.endpoints ?? []).filter((each) => !ours.includes(each))
  return { endpoints: [...forgotten, ...ours].slice(-maxRevocations) }
}

/** So many ids are hashed in one turn of the loop: half a millisecond. */
const pageSize = 500

/** Revokes whoever the list names and the database still lets in. @returns their ids. */
export async function revokeListed(tx: Tx, { endpoints }: List, now: number): Promise<string[]> {
  const listed = new Set(endpoints)
  const revoked: string[] = []
  let page: string[] = []
  do {
    page = await idsAfter(tx, page.at(-1) ?? '')
    revoked.push(...page.filter((id) => listed.has(revocationOf(id))))
  } while (page.length === pageSize)
  await revokeWithin(tx, revoked, now)
  return revoked
}

async function idsAfter(tx: Tx, last: string): Promise<string[]> {
  const page = tx.selectFrom('endpoints').select('id').where('removed_at', 'is', null).where('id', '>', last).orderBy('id').limit(pageSize)
  return (await page.execute()).map(({ id }) => id)
}
