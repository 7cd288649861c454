import { type Kysely, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/*
 * Ends commands, orders over many machines and standing orders that are over for as long as their organisation keeps such,
 * some at a time. What a ticket tells of stays with it, since its dossier names it; so does whatever the audit still says in
 * words, whose time is as long; and what may still run, or be withdrawn, has not ended. A command goes after the order that it
 * was part of, and none goes of a machine that is cut off: what cut it off decides who may let it back.
 */

/** Of the organisations that keep what is over for `daysKept`, what was over before. */
export interface Over {
  daysKept: number
  before: number
}
/** In one transaction. */
const maxAtOnce = 200

/** @returns how many orders ended; as many as fit: there may be more. */
export async function endOldBulks(tx: Tx, { daysKept, before }: Over): Promise<number> {
  const old = tx
    .selectFrom('bulks')
    .select('bulks.id')
    .where('bulks.settled_at', '<', before)
    .where('bulks.organisation_id', 'in', keeping(tx, daysKept))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('commands')
            .select('commands.id')
            .whereRef('commands.bulk_id', '=', 'bulks.id')
            .where(({ eb, or }) => or([eb('commands.ticket_id', 'is not', null), eb('commands.settled_at', 'is', null)])),
        ),
      ),
    )
  const ids = await withoutAudited(tx, 'bulk', (await old.orderBy('bulks.settled_at').limit(maxAtOnce).execute()).map(idOf))
  if (ids.length === 0) return 0
  await tx.deleteFrom('bulk_targets').where('bulk_id', 'in', ids).execute()
  await tx.deleteFrom('bulks').where('id', 'in', ids).execute()
  return ids.length
}

/** All versions of one together: a machine that kept an old one still hears from the newest that it is over. */
export async function endOldStanding(tx: Tx, { daysKept, before }: Over): Promise<number> {
  const old = tx
    .selectFrom('standing_orders')
    .select('id')
    .where('organisation_id', 'in', keeping(tx, daysKept))
    .groupBy('id')
    .having(({ fn }) => fn.max('ends_at'), '<', before)
    .having(({ fn }) => fn.max('asked_at'), '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('standing_commands')
            .innerJoin('commands', 'commands.id', 'standing_commands.command_id')
            .select('commands.id')
            .whereRef('standing_commands.order_id', '=', 'standing_orders.id')
            .where(({ eb, or }) => or([eb('commands.ticket_id', 'is not', null), eb('commands.settled_at', 'is', null)])),
        ),
      ),
    )
  const ids = await withoutAudited(tx, 'standing', (await old.orderBy('id').limit(maxAtOnce).execute()).map(idOf))
  if (ids.length === 0) return 0
  await tx.deleteFrom('standing_commands').where('order_id', 'in', ids).execute()
  await tx.deleteFrom('standing_orders').where('id', 'in', ids).execute()
  return ids.length
}

/** After the orders: what is left of one is no part of anything. */
export async function endOldCommands(tx: Tx, { daysKept, before }: Over): Promise<number> {
  const old = tx
    .selectFrom('commands')
    .select('commands.id')
    .where('commands.organisation_id', 'in', keeping(tx, daysKept))
    .where('commands.settled_at', '<', before)
    .where('commands.ticket_id', 'is', null)
    .where(({ not, exists }) => not(exists(standingOf(tx))))
    .where(({ not, exists, selectFrom }) => not(exists(selectFrom('bulks').select('id').whereRef('bulks.id', '=', 'commands.bulk_id'))))
    .where(({ not, exists }) => not(exists(isolationOf(tx))))
    .where(({ not, exists }) => not(exists(wordsOf(tx))))
  const ids = (await old.orderBy('commands.settled_at').limit(maxAtOnce).execute()).map(idOf)
  if (ids.length === 0) return 0
  await tx.deleteFrom('standing_commands').where('command_id', 'in', ids).execute()
  await tx.deleteFrom('commands').where('id', 'in', ids).execute()
  return ids.length
}

/**
 * With their tickets. What an order over many machines, a standing order or the audit's words still name stays until
 * that is over, as what no ticket tells of. @returns how many ended.
 */
export async function endCommandsOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx
    .deleteFrom('commands')
    .where('ticket_id', 'in', ticketIds)
    .where('bulk_id', 'is', null)
    .where(({ not, exists }) => not(exists(anyStandingOf(tx))))
    .where(({ not, exists }) => not(exists(wordsOf(tx))))
    .executeTakeFirst()
  await tx.updateTable('commands').set({ ticket_id: null }).where('ticket_id', 'in', ticketIds).execute()
  return Number(ended.numDeletedRows)
}

/** As they came: what they said stands on the command. */
export async function endOldResults(tx: Tx, { daysKept, before }: Over): Promise<number> {
  const old = tx
    .selectFrom('command_results')
    .select('id')
    .where('handled_at', '<', before)
    .where('endpoint_id', 'in', ({ selectFrom }) =>
      selectFrom('endpoints').select('endpoints.id').where('organisation_id', 'in', keeping(tx, daysKept)),
    )
  const ids = (await old.orderBy('handled_at').limit(maxAtOnce).execute()).map(idOf)
  if (ids.length > 0) await tx.deleteFrom('command_results').where('id', 'in', ids).execute()
  return ids.length
}

const keeping = (tx: Tx, daysKept: number) => tx.selectFrom('organisations').select('organisations.id').where('kept_days', '=', daysKept)
const ofCommand = sql.ref<string>('commands.id')
const standingOf = (tx: Tx) =>
  tx
    .selectFrom('standing_commands')
    .innerJoin('standing_orders', 'standing_orders.id', 'standing_commands.order_id')
    .select('standing_commands.command_id')
    .where('standing_commands.command_id', '=', ofCommand)
const anyStandingOf = (tx: Tx) =>
  tx.selectFrom('standing_commands').select('standing_commands.command_id').where('standing_commands.command_id', '=', ofCommand)
const isolationOf = (tx: Tx) =>
  tx
    .selectFrom('isolations')
    .select('isolations.endpoint_id')
    .where('isolations.endpoint_id', '=', sql.ref<string>('commands.endpoint_id'))
    .where(({ eb, or }) => or([eb('isolations.desired', '!=', 'open'), eb('isolations.actual', '!=', 'open')]))
const wordsOf = (tx: Tx) =>
  tx
    .selectFrom('audit')
    .innerJoin('audit_payloads', 'audit_payloads.audit_id', 'audit.id')
    .select('audit.id')
    .where('audit.target', '=', sql<string>`'command:' || ${ofCommand}`)

const idOf = ({ id }: { id: string }): string => id

/** Those that no line of the audit names whose words still stand. */
async function withoutAudited(db: Kysely<Database>, kind: 'bulk' | 'standing', ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const lines = db.selectFrom('audit').innerJoin('audit_payloads', 'audit_payloads.audit_id', 'audit.id').select('audit.target').distinct()
  const targets = ids.map((id) => `${kind}:${id}`)
  const named = new Set((await lines.where('audit.target', 'in', targets).execute()).map(({ target }) => target))
  return ids.filter((id) => !named.has(`${kind}:${id}`))
}
