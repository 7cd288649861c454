import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'

export interface NewReceiver {
  name: string
  notifier: string
  url: string
  /** Made here when absent. */
  secret?: string | undefined
  organisationId: string | null
}

/** Who is told. A receiver's secret leaves here once, when it is made. */
export interface Receivers {
  create(receiver: NewReceiver): Promise<{ id: string; secret: string }>
  /** Those of one organisation; with null, all. */
  list(organisationId: string | null): Promise<{ id: string; name: string; notifier: string; organisationId: string | null }[]>
  /** false: there is none of that id. What it was still to hear is given up. */
  disable(id: string): Promise<boolean>
}

export function createReceivers({ db, time }: { db: Kysely<Database>; time: Time }): Receivers {
  return {
    async create({ name, notifier, url, secret = randomBytes(32).toString('base64url'), organisationId }) {
      const row = { id: randomUUIDv7(), name, notifier, settings: JSON.stringify({ url, secret }), organisation_id: organisationId }
      await db
        .insertInto('receivers')
        .values({ ...row, created_at: time.now(), disabled_at: null })
        .execute()
      return { id: row.id, secret }
    },
    async list(organisationId) {
      const all = db
        .selectFrom('receivers')
        .select(['id', 'name', 'notifier', 'organisation_id as organisationId'])
        .where('disabled_at', 'is', null)
      const some = organisationId === null ? all : all.where('organisation_id', '=', organisationId)
      return some.orderBy('created_at').execute()
    },
    async disable(id) {
      const now = time.now()
      const done = await db
        .updateTable('receivers')
        .set({ disabled_at: now })
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirst()
      const gaveUp = { failed_at: now, last_error: 'the receiver was removed' }
      await db
        .updateTable('outbox')
        .set(gaveUp)
        .where('receiver_id', '=', id)
        .where('delivered_at', 'is', null)
        .where('failed_at', 'is', null)
        .execute()
      return done.numUpdatedRows > 0n
    },
  }
}
