import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import { Fault } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Within } from '../store/store.ts'
import type { Audience } from '../store/tables/notify.ts'
import type { Notifier } from './notifier.ts'

export interface NewReceiver {
  name: string
  notifier: string
  /** What the notifier wants to know. */
  settings?: Record<string, unknown>
  /** Shorthands of it: a webhook's secret is made here when absent. */
  url?: string | undefined
  secret?: string | undefined
  organisationId: string | null
  audience?: Audience
  /** Whose way it is, and which of theirs, 1 first. */
  personId?: string | null
  rank?: number | null
  team?: string | null
}

/** Who is told. A receiver's secret leaves here once, when it is made. */
export interface Receivers {
  /** What is wrong with it, as sentences with the field's name; nothing: it can be made. */
  complaints(receiver: NewReceiver): { field: string; message: string }[]
  /** @param within here and below: what stands or falls with it. @throws Fault `receiver-bad` for what `complaints` would have said. */
  create(receiver: NewReceiver, within?: Within): Promise<{ id: string; secret: string | null }>
  /** Those of one organisation; with null, all. */
  list(organisationId: string | null): Promise<{ id: string; name: string; notifier: string; organisationId: string | null }[]>
  /** false: there is none of that id. What it was still to hear is given up. */
  disable(id: string, within?: Within): Promise<boolean>
}

export interface ReceiversOptions {
  db: Kysely<Database>
  time: Time
  notifiers: readonly Notifier[]
}

export function createReceivers({ db, time, notifiers }: ReceiversOptions): Receivers {
  const complaints: Receivers['complaints'] = (receiver) => {
    const { notifier: name, personId = null, audience = 'everybody' } = receiver
    const notifier = notifiers.find((each) => each.name === name)
    if (!notifier)
      return [{ field: 'notifier', message: `there is no such notifier; there are ${notifiers.map((each) => each.name).join(', ')}` }]
    if ((audience === 'person') !== (personId !== null))
      return [{ field: 'personId', message: 'a way of a person names the person, and nothing else does' }]
    const read = notifier.settings.safeParse(settingsOf(receiver, ''.padEnd(16, 'x')))
    return read.success ? [] : read.error.issues.map(({ path, message }) => ({ field: ['settings', ...path].join('.'), message }))
  }
  return {
    complaints,
    async create(receiver, within) {
      const [complaint] = complaints(receiver)
      if (complaint) throw new Fault('receiver-bad', `Check the receiver's ${complaint.field}: ${complaint.message}.`)
      const secret = receiver.notifier === 'webhook' ? (receiver.secret ?? randomBytes(32).toString('base64url')) : null
      const settings = settingsOf(receiver, secret)
      const { name, notifier, organisationId, audience = 'everybody', personId = null, rank = null, team = null } = receiver
      const row = { id: randomUUIDv7(), name, notifier, settings: JSON.stringify(settings), organisation_id: organisationId }
      const whose = { audience, person_id: personId, rank: personId === null ? null : (rank ?? 1), team, address: addressIn(settings) }
      await db.transaction().execute(async (tx) => {
        await tx
          .insertInto('receivers')
          .values({ ...row, ...whose, created_at: time.now(), disabled_at: null })
          .execute()
        await within?.(tx, row.id)
      })
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
    disable: (id, within) =>
      db.transaction().execute(async (tx) => {
        const now = time.now()
        const there = tx.updateTable('receivers').set({ disabled_at: now }).where('id', '=', id).where('disabled_at', 'is', null)
        const done = await there.executeTakeFirst()
        const gaveUp = { failed_at: now, last_error: 'the receiver was removed' }
        const waiting = tx.updateTable('outbox').set(gaveUp).where('receiver_id', '=', id).where('delivered_at', 'is', null)
        await waiting.where('failed_at', 'is', null).execute()
        await within?.(tx)
        return done.numUpdatedRows > 0n
      }),
  }
}

function settingsOf({ settings = {}, url, notifier }: NewReceiver, secret: string | null): Record<string, unknown> {
  return { ...settings, ...(url !== undefined && { url }), ...(notifier === 'webhook' && secret !== null && { secret }) }
}

const addressIn = ({ to }: Record<string, unknown>): string | null => (typeof to === 'string' ? to.toLowerCase() : null)
