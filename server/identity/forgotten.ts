import type { X509Certificate } from 'node:crypto'
import type { Platform } from '#shared/domain/endpoint.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { days } from '#shared/domain/time.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { RaiseWithin } from './adoption.ts'

/*
 * A restored store doesn't know the certificates that its CA has signed since the backup. Enters: one of ours that is
 * unknown here. Leaves: its endpoint, when that is known and has only renewed it; otherwise a row for people, who let it
 * in again or not, and one ticket. Promises: nobody comes in whom our own signature does not name, and none whom nobody
 * has placed: the certificate says which endpoint it is, and only the lost rows knew whose. Meets: a stolen agent that
 * was removed since: the signed list of revocations is asked before this.
 */

/** What a peer says beside its certificate; shown to people and never acted on. */
export interface Caller {
  address: string
  /** As agents write it: `tierline-agent (linux; pc-1)`. */
  userAgent: string | undefined
}

export type Found =
  | { kind: 'endpoint'; id: string; organisation_id: string; site_id: string | null; not_after: number }
  | { kind: 'removed' | 'unknown' }
  | { kind: 'forgotten'; madeAt: number }

export interface Needs {
  store: Store
  now: number
  raiseWithin: RaiseWithin | undefined
}

/** The database and the keys of a backup need not be of the same hour, and a clock may have been set. */
const slackMs = days(1)
const clientAuth = '1.3.6.1.5.5.7.3.2'

/** @param peer bears our signature. */
export async function findForgotten(peer: X509Certificate, from: Caller | undefined, needs: Needs): Promise<Found> {
  const { store } = needs
  const shown = readShown(peer)
  if (!peer.keyUsage?.includes(clientAuth)) return { kind: 'unknown' }
  const restore = await store.db
    .selectFrom('restores')
    .select('made_at as madeAt')
    .where('made_at', '<=', shown.not_before + slackMs)
    .where('restored_at', '>=', shown.not_before - slackMs)
    .orderBy('restored_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!restore) return { kind: 'unknown' }
  const endpoints = store.db.selectFrom('endpoints').select(['id', 'organisation_id', 'site_id', 'removed_at'])
  const endpoint = await endpoints.where('id', '=', shown.endpoint_id).executeTakeFirst()
  if (endpoint && endpoint.removed_at !== null) return { kind: 'removed' }
  await store.db
    .transaction()
    .execute((tx) => (endpoint ? rememberCertificate(tx, shown, needs.now) : noteForgotten(tx, shown, from, needs)))
  return endpoint ? { kind: 'endpoint', ...endpoint, not_after: shown.not_after } : { kind: 'forgotten', ...restore }
}

type Shown = ReturnType<typeof readShown>

const readShown = (peer: X509Certificate) => ({
  endpoint_id: namedIn(peer),
  serial: peer.serialNumber.toLowerCase(),
  not_before: Date.parse(peer.validFrom),
  not_after: Date.parse(peer.validTo),
})

/** The endpoint that we wrote into a certificate of ours. */
export const namedIn = ({ subject }: X509Certificate): string => /^CN=(.+)$/m.exec(subject)?.[1] ?? ''

async function rememberCertificate(tx: Tx, shown: Shown, now: number): Promise<void> {
  await tx
    .insertInto('certificates')
    .values({ ...shown, issued_at: now, revoked_at: null })
    .onConflict((conflict) => conflict.column('serial').doNothing())
    .execute()
}

async function noteForgotten(tx: Tx, shown: Shown, from: Caller | undefined, { now, raiseWithin }: Needs): Promise<void> {
  const machine = { ...saidOf(from), address: from?.address ?? 'unknown' }
  const seen = { ...shown, ...machine, last_seen_at: now }
  const known = tx.selectFrom('forgotten_endpoints').select('endpoint_id').where('endpoint_id', '=', shown.endpoint_id)
  if (await known.executeTakeFirst()) {
    await tx.updateTable('forgotten_endpoints').set(seen).where('endpoint_id', '=', shown.endpoint_id).execute()
    return
  }
  await tx
    .insertInto('forgotten_endpoints')
    .values({ ...seen, first_seen_at: now, adopted_at: null })
    .execute()
  const owner = await tx.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
  if (owner) await raiseWithin?.(tx, troubleOf(owner.id, shown, machine), now)
}

/** One ticket, however many they are: the page Administration has the list. */
function troubleOf(organisationId: string, { endpoint_id, serial }: Shown, { hostname, address }: { hostname: string; address: string }) {
  const what = `A machine (${hostname === '' ? address : hostname}) shows a certificate of this collector that its backup does not know (serial ${serial})`
  return {
    ...{ organisationId, endpointId: null, kind: 'system.endpoint.forgotten', severity: 'high' as const },
    ...{ fingerprint: 'system.endpoint.forgotten', facts: { endpoint: endpoint_id, serial, hostname, address } },
    summary: `${what}: let it in again under Administration, or leave it out`,
  }
}

const platforms: Record<string, Platform> = { linux: 'linux', darwin: 'macos', win32: 'windows' }
const maxHostname = 253

function saidOf(from: Caller | undefined): { hostname: string; platform: Platform | null } {
  const [, platform = '', hostname = ''] = /^tierline-agent \((\w+); ([\w.~%-]*)\)$/.exec(from?.userAgent ?? '') ?? []
  return { hostname: plainText(decoded(hostname)).slice(0, maxHostname), platform: platforms[platform] ?? null }
}

/** A name may hold any letter; a header may not. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Where a person places it. */
export interface Place {
  organisationId: string
  siteId: string | null
}
export type Adoption = 'adopted' | 'unknown' | 'revoked'

/** A person knows this machine and whose it is: it is the endpoint again that it was, and its word on its isolation counts. */
export function adoptForgotten(
  endpointId: string,
  place: Place,
  { store, isRevoked, now, within }: { store: Store; isRevoked(endpointId: string): boolean; now: number; within?: Within | undefined },
): Promise<Adoption> {
  if (isRevoked(endpointId)) return Promise.resolve('revoked')
  return store.db.transaction().execute(async (tx) => {
    const row = await tx
      .updateTable('forgotten_endpoints')
      .set({ adopted_at: now })
      .where('endpoint_id', '=', endpointId)
      .where('adopted_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (!row) return 'unknown'
    const { serial, not_before, not_after, hostname, platform } = row
    const placed = { organisation_id: place.organisationId, site_id: place.siteId, confirmed_role: null }
    const machine = { hostname: hostname === '' ? endpointId : hostname, platform: platform ?? ('linux' as const) }
    await tx
      .insertInto('endpoints')
      .values({ id: endpointId, ...placed, ...machine, enrolled_at: not_before, removed_at: null, word_awaited_since: now })
      .execute()
    await rememberCertificate(tx, { endpoint_id: endpointId, serial, not_before, not_after }, now)
    await within?.(tx, endpointId)
    return 'adopted'
  })
}
