import { createHash, randomBytes, randomUUIDv7, timingSafeEqual } from 'node:crypto'
import type { Insertable, Selectable } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'
import { minutes } from '#shared/domain/time.ts'
import { writeToken } from '#shared/protocol/enrolment.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

export const defaultTokenTtlMs = minutes(30)

export interface NewToken {
  organisationId: string
  siteId?: string | null
  role?: Role | null
  /** The machine is new to us: what it says in its first day was there before. No, when absent. */
  isNew?: boolean
  /** A person's id, or `system`. */
  createdBy: string
  /** 30 minutes when absent. */
  ttlMs?: number
  /** Where agents will dial, such as https://rmm.example.org:7843. */
  collectorUrl: string
}
type Row = Insertable<Database['enrolment_tokens']>

/** The row, and the word that people carry over; only its hash is kept. */
export function makeToken(
  wanted: NewToken,
  pins: { ca: string; authority: string; authorities?: string[] },
  now: number,
): { row: Row; token: string } {
  const id = randomUUIDv7()
  const secret = randomBytes(32).toString('base64url')
  const row: Row = {
    id,
    hash: hashOf(secret),
    organisation_id: wanted.organisationId,
    site_id: wanted.siteId ?? null,
    role: wanted.role ?? null,
    is_new: wanted.isNew === true ? 1 : 0,
    created_by: wanted.createdBy,
    created_at: now,
    expires_at: now + (wanted.ttlMs ?? defaultTokenTtlMs),
    used_at: null,
    used_by_endpoint_id: null,
  }
  return { row, token: writeToken({ collector: wanted.collectorUrl, id, secret, ...pins, ...(wanted.role && { role: wanted.role }) }) }
}

type Token = Selectable<Database['enrolment_tokens']>
export type TokenState = { kind: 'good'; token: Token } | { kind: 'unknown' | 'used' | 'expired' }

/** A wrong secret is answered like a token that never was, in the same time. */
export function stateOf(token: Token | undefined, secret: string, now: number): TokenState {
  const fits = timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(token?.hash ?? hashOf('')))
  if (!token || !fits) return { kind: 'unknown' }
  if (token.used_at !== null) return { kind: 'used' }
  return now >= token.expires_at ? { kind: 'expired' } : { kind: 'good', token }
}

/** True for exactly one caller, however many come at once. */
export async function useToken(tx: Tx, id: string, endpointId: string, now: number): Promise<boolean> {
  const used = await tx
    .updateTable('enrolment_tokens')
    .set({ used_at: now, used_by_endpoint_id: endpointId })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return used.numUpdatedRows === 1n
}

/** Those that a restored store holds open may have been used since. @param madeUntil later ones stay. @returns what they were. */
export function endOpenTokens(tx: Tx, now: number, madeUntil = now): Promise<Token[]> {
  const open = tx.updateTable('enrolment_tokens').set({ expires_at: now }).where('used_at', 'is', null).where('expires_at', '>', now)
  return open.where('created_at', '<=', madeUntil).returningAll().execute()
}

/** For the same place. */
export const sameAs = (ended: Token): Omit<NewToken, 'createdBy' | 'collectorUrl'> => ({
  ...{ organisationId: ended.organisation_id, siteId: ended.site_id, role: ended.role, isNew: ended.is_new === 1 },
})

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
