import type { Insertable, Kysely } from 'kysely'
import { kindOfRule, type WatchedRule } from '#shared/domain/watched-rules.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { RuleDaysTable, WatchedRulesTable } from '../store/tables/arm.ts'
import { keyOfRule } from './days.ts'

type Row = Insertable<Database['watched_rules']>

/** In one transaction: agents' records wait for no more. */
const maxRows = 500

/** What changed of a rule, for the audit. */
export interface Change {
  row: WatchedRulesTable
  wasArmed: boolean
}

export async function inParts<Value>(values: readonly Value[], keep: (part: readonly Value[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < values.length; from += maxRows) await keep(values.slice(from, from + maxRows))
}

/** Counted again they say the same, or what is newer. */
export const keepDays = ({ db, capabilities }: Store, rows: readonly RuleDaysTable[]): Promise<void> =>
  inParts(rows, (part) =>
    db.transaction().execute((tx) => capabilities.putRows(tx, 'rule_days', part, { replaceWhere: ['day', 'rule', 'digest'] })),
  )

export const keepRules = (tx: Tx, { capabilities }: Store, rows: readonly Row[]): Promise<void> =>
  capabilities.putRows(tx, 'watched_rules', rows, { replaceWhere: ['rule', 'digest'] })

/** Rules that machines have just told of, so that people find them before their first day is over. */
export async function keepNew({ reader, db, capabilities }: Store, since: number, day: number): Promise<void> {
  const lists = await reader.selectFrom('rule_lists').select(['body', 'at']).where('at', '>=', since).execute()
  const rules = new Map(
    lists.flatMap(({ body, at }) =>
      (JSON.parse(body) as WatchedRule[]).map((rule): [string, { rule: WatchedRule; at: number }] => [
        keyOfRule(rule[0], rule[1]),
        { rule, at },
      ]),
    ),
  )
  const rows = [...rules.values()].map(({ rule, at }) => newRow(rule, at, day))
  await inParts(rows, (part) => db.transaction().execute((tx) => capabilities.putRows(tx, 'watched_rules', part, 'ignore')))
}

export const newRow = ([rule, digest, title, severity, status]: WatchedRule, at: number, day: number): WatchedRulesTable => ({
  ...{ rule, digest, kind: kindOfRule(rule), title, severity, status, first_seen_at: at, last_day: day },
  ...{ is_armed: 0, changed_at: at, why: '{"reason":"days"}' },
})

export const armedRules = (reader: Kysely<Database>): Promise<WatchedRulesTable[]> =>
  reader.selectFrom('watched_rules').selectAll().where('is_armed', '=', 1).execute()

/** The next day begins with what is watched now; what nobody watches any more ends. */
export async function beginDay({ db }: Store, today: number, firstDay: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('rule_watches')
      .set((to) => ({ began_lists: to.ref('lists'), began_day: today }))
      .where('began_day', '<', today)
      .execute()
    await tx
      .deleteFrom('rule_watches')
      .where('endpoint_id', 'not in', tx.selectFrom('endpoints').select('id').where('removed_at', 'is', null))
      .execute()
    const watches = await tx.selectFrom('rule_watches').select('lists').distinct().execute()
    const named = watches.flatMap(({ lists }) => JSON.parse(lists) as string[])
    await tx
      .deleteFrom('rule_lists')
      .where('digest', 'not in', [...new Set(named), ''])
      .execute()
    await tx.deleteFrom('rule_days').where('day', '<', firstDay).execute()
    await tx.deleteFrom('watched_rules').where('last_day', '<', firstDay).execute()
  })
}
