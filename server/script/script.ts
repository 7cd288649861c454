/*
 * The library of scripts. Enters: a text by one person, a review by another. Leaves: what may be asked for by name or by
 * hash. Promises: a text is kept by its hash and never changed; who reviews it names the hash of what they read, and is
 * somebody else than who wrote it, except while there is nobody else, which is said wherever it is shown.
 * On failure: an outcome with its reason. Meets: a script that is exchanged between review and run: another text has
 * another hash, and the agent runs only the text that was signed with it.
 */

import { createHash } from 'node:crypto'
import { v7 as orderedId } from 'uuid'
import type { NamedScript } from '#shared/api/scripts.ts'
import type { Interpreter } from '#shared/commands/run-script.ts'
import type { Platform } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { ScriptsTable } from '../store/tables/script.ts'

export interface WrittenScript {
  name: string
  interpreter: Interpreter
  platforms: Platform[]
  text: string
  personId: string
}

export type Reviewed = { kind: 'reviewed' } | { kind: 'refused'; reason: string }
/** What a command takes. */
export type Resolved = { kind: 'script'; args: Record<string, unknown> } | { kind: 'refused'; reason: string }

export interface Scripts {
  /** @param within here and below: what stands or falls with it. */
  write(script: WrittenScript, within?: Within): Promise<string>
  review(id: string, sha256: string, personId: string, within?: Within): Promise<Reviewed>
  retire(id: string, within?: Within): Promise<boolean>
  resolve(named: NamedScript, platform: Platform): Promise<Resolved>
  list(): Promise<ScriptsTable[]>
}

const maxListed = 500

export function createScripts({ store, time }: { store: Store; time: Time }): Scripts {
  const { db } = store
  const changed = (id: string, within: Within | undefined, how: (tx: Tx) => Promise<{ numUpdatedRows: bigint }>): Promise<boolean> =>
    db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await how(tx)
      if (numUpdatedRows > 0n) await within?.(tx, id)
      return numUpdatedRows > 0n
    })
  const standing = () => db.selectFrom('scripts').selectAll().where('retired_at', 'is', null)
  return {
    async write({ name, interpreter, platforms, text: body, personId }, within) {
      const row = { id: orderedId(), name, sha256: hashOf(body), interpreter, platforms: JSON.stringify(platforms), body }
      const life = { written_by: personId, written_at: time.now(), reviewed_by: null, reviewed_at: null, retired_at: null }
      return db.transaction().execute(async (tx) => {
        await tx
          .insertInto('scripts')
          .values({ ...row, ...life })
          .execute()
        await within?.(tx, row.id)
        return row.id
      })
    },
    async review(id, sha256, personId, within) {
      const script = await standing().where('id', '=', id).where('reviewed_at', 'is', null).executeTakeFirst()
      if (!script) return refused('This script waits for no review.')
      if (script.sha256 !== sha256) return refused('This is not the hash of its text: read it again before you review it.')
      if (script.written_by === personId && (await hasOthers(store, personId)))
        return refused('Whoever wrote a script doesn’t review it: ask somebody else.')
      const reviewed = { reviewed_by: personId, reviewed_at: time.now() }
      const isReviewed = await changed(id, within, (tx) =>
        tx.updateTable('scripts').set(reviewed).where('id', '=', id).where('reviewed_at', 'is', null).executeTakeFirst(),
      )
      return isReviewed ? { kind: 'reviewed' } : refused('This script waits for no review.')
    },
    retire: (id, within) =>
      changed(id, within, (tx) =>
        tx.updateTable('scripts').set({ retired_at: time.now() }).where('id', '=', id).where('retired_at', 'is', null).executeTakeFirst(),
      ),
    async resolve(named, platform) {
      const all = standing().where('reviewed_at', 'is not', null)
      const ours = 'name' in named ? all.where('name', '=', named.name) : all.where('sha256', '=', named.sha256)
      const script = await ours.orderBy('reviewed_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst()
      if (!script) return refused('There is no reviewed script of this name or hash.')
      if (!(JSON.parse(script.platforms) as Platform[]).includes(platform)) return refused(`${script.name} is not meant for ${platform}.`)
      const { body: text, sha256, interpreter } = script
      return {
        kind: 'script',
        args: { script: text, sha256, interpreter, ...(named.timeoutSeconds && { timeoutSeconds: named.timeoutSeconds }) },
      }
    },
    list: () => standing().orderBy('written_at', 'desc').orderBy('id', 'desc').limit(maxListed).execute(),
  }
}

/** Somebody else of the provider, who could review. */
async function hasOthers({ db }: Store, personId: string): Promise<boolean> {
  const others = db.selectFrom('people').select('id').where('id', '!=', personId).where('organisation_id', 'is', null)
  return (await others.where('disabled_at', 'is', null).limit(1).executeTakeFirst()) !== undefined
}

const refused = (reason: string): { kind: 'refused'; reason: string } => ({ kind: 'refused', reason })
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
