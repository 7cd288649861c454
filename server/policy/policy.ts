/*
 * Policies, as they are kept. Enters: what operators wrote, and what was signed of it for each organisation. Leaves: both,
 * the newest. Promises: of an organisation's document the number only rises, whoever writes it; a text that was put stays
 * readable with its author. On failure of the store: the one before stays. Threat: none is met here; agents verify.
 */
import type { Kysely, Selectable } from 'kysely'
import { days } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Tx, Within } from '../store/store.ts'
import type { Known, Place } from './written.ts'

export type PolicyVersion = Selectable<Database['policy_versions']>
export type SignedPolicy = Selectable<Database['policies']>

export const newestVersion = (db: Kysely<Database>): Promise<PolicyVersion | undefined> =>
  db.selectFrom('policy_versions').selectAll().orderBy('version', 'desc').limit(1).executeTakeFirst()

/** A text that differs from the last one is a new version. @param within what stands or falls with it. */
export function keepVersion(db: Kysely<Database>, yaml: string, author: string, now: number, within?: Within): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const last = await newestVersion(tx)
    const isNew = last?.yaml !== yaml
    const version = (last?.version ?? 0) + (isNew ? 1 : 0)
    if (isNew) await tx.insertInto('policy_versions').values({ version, yaml, author, created_at: now }).execute()
    await within?.(tx)
    return version
  })
}

const textsKeptForMs = days(400)
/** In one transaction. */
const maxEnded = 200

/** Texts that another replaced long ago, except those that an organisation's machines go by. @returns how many ended. */
export async function endOldVersions(tx: Tx, now: number): Promise<number> {
  const versions = tx.selectFrom('policy_versions').where('created_at', '<', now - textsKeptForMs)
  const { replacing } = await versions.select(({ fn }) => fn.max('version').as('replacing')).executeTakeFirstOrThrow()
  const used = tx.selectFrom('policies').select('version').where('version', 'is not', null)
  const old = versions
    .select('version')
    .where('version', '<', replacing ?? 0)
    .where('version', 'not in', used)
  const ids = (await old.orderBy('version').limit(maxEnded).execute()).map(({ version }) => version)
  if (ids.length > 0) await tx.deleteFrom('policy_versions').where('version', 'in', ids).execute()
  return ids.length
}

/** Those with another number than here. */
export async function signedPolicies(db: Kysely<Database>, here: ReadonlyMap<string, { number: number }>): Promise<SignedPolicy[]> {
  const rows = await db.selectFrom('policies').select(['organisation_id', 'number']).execute()
  const newer = rows.filter(({ organisation_id, number }) => number > (here.get(organisation_id)?.number ?? 0))
  const ids = newer.map(({ organisation_id }) => organisation_id)
  return ids.length === 0 ? [] : db.selectFrom('policies').selectAll().where('organisation_id', 'in', ids).execute()
}

/** 0: nobody has put one. */
export async function newestNumber(db: Kysely<Database>): Promise<number> {
  const { version } = await db
    .selectFrom('policy_versions')
    .select(({ fn }) => fn.max('version').as('version'))
    .executeTakeFirstOrThrow()
  return version ?? 0
}

/** False when one that is as high or higher is there. */
export async function putPolicy(tx: Tx, row: SignedPolicy): Promise<boolean> {
  const { organisation_id: _, ...rest } = row
  const put = await tx
    .insertInto('policies')
    .values(row)
    .onConflict((conflict) => conflict.column('organisation_id').doUpdateSet(rest).where('policies.number', '<', row.number))
    .executeTakeFirst()
  return put.numInsertedOrUpdatedRows === 1n
}

export interface PolicyWorld extends Known {
  places: Place[]
}

/** Whom a policy may be about. */
export async function readWorld(db: Kysely<Database>): Promise<PolicyWorld> {
  const organisations = await db.selectFrom('organisations').select(['id', 'name']).orderBy('id').execute()
  const sites = await db.selectFrom('sites').select(['id', 'name', 'organisation_id as organisationId']).execute()
  const endpoints = await db
    .selectFrom('endpoints')
    .select(['id', 'hostname', 'organisation_id', 'site_id', 'tags'])
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute()
  const named = new Map(organisations.map((each) => [each.id, each]))
  const sited = new Map(sites.map((each) => [each.id, each]))
  const places = endpoints.map(({ id, hostname, organisation_id, site_id, tags }) => ({
    ...{ id, hostname, tags: JSON.parse(tags ?? '[]') as string[] },
    organisation: named.get(organisation_id) ?? { id: organisation_id, name: '' },
    site: sited.get(site_id ?? '') ?? null,
  }))
  return { organisations, sites, places }
}
