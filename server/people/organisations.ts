import type { Kysely } from 'kysely'
import type { Language } from '#shared/domain/language.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/** What is left out stays as it is. */
export interface OrganisationChange {
  mode?: 'observe' | 'live' | undefined
  plan?: string | undefined
  language?: Language | undefined
  /** Kinds that its own IT handles first. */
  ownIt?: string[] | undefined
  /** It may answer whether core machines of theirs are isolated. */
  answersOwnCore?: boolean | undefined
  /** Whom the person at an isolated machine is to call. */
  callWhom?: string[] | undefined
  /** No script runs on machines of theirs. */
  scriptsOff?: boolean | undefined
  /** What is over ends after so many days. */
  keptDays?: number | undefined
}

export async function changeOrganisation(
  db: Kysely<Database>,
  id: string,
  { mode, plan, language, ownIt, answersOwnCore, callWhom, scriptsOff, keptDays }: OrganisationChange,
  now: number,
): Promise<void> {
  const known = await db.selectFrom('organisations').select('mode').where('id', '=', id).executeTakeFirst()
  if (!known) return
  const changed = {
    ...(mode !== undefined && mode !== known.mode && { mode, mode_since: now, told_observed_at: null }),
    ...(plan !== undefined && { plan }),
    ...(language !== undefined && { language }),
    ...(ownIt !== undefined && { own_it: JSON.stringify(ownIt) }),
    ...(answersOwnCore !== undefined && { answers_own_core: answersOwnCore ? (1 as const) : (0 as const) }),
    ...(callWhom !== undefined && { call_whom: JSON.stringify(callWhom) }),
    ...(keptDays !== undefined && { kept_days: keptDays }),
    ...(scriptsOff !== undefined && { scripts_off: scriptsOff ? (1 as const) : (0 as const) }),
  }
  if (Object.keys(changed).length > 0) await db.updateTable('organisations').set(changed).where('id', '=', id).execute()
}

/** Those that observe since before then and nobody was told of it; from now on somebody was. */
export function observedUntold(tx: Tx, before: number, now: number): Promise<{ id: string; name: string }[]> {
  return tx
    .updateTable('organisations')
    .set({ told_observed_at: now })
    .where('mode', '=', 'observe')
    .where('told_observed_at', 'is', null)
    .where(({ fn }) => fn.coalesce('mode_since', 'created_at'), '<=', before)
    .returning(['id', 'name'])
    .execute()
}
