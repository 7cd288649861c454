import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { v7 as orderedId } from 'uuid'
import { keptDays } from '#shared/domain/retention.ts'
import { days, type Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import { type Head, headText, linkOf, payloadHashOf } from './chain.ts'
import { entryOf } from './steps.ts'

/*
 * Enters: who did what to which thing; steps of commands, as the database wrote them down. Leaves: lines that hang on one
 * another by hashes, never changed. Promises: inside a caller's transaction a line stands or falls with what it tells of;
 * what may name people stands apart and can be erased without breaking the chain. On failure: throws, so that nothing is
 * changed unseen. Threat: somebody who did it and says they didn't, also one who can write to the database: a head that
 * left this machine convicts them. `detail` never holds a secret; callers name the fields that go in.
 */

export interface AuditEntry {
  /** A person's id, `source:<id>`, `operator:<name>`, `endpoint:<id>` or `system`. */
  actor: string
  /** Dotted, as in `ticket.acknowledge`. */
  action: string
  /** `<thing>:<id>`. */
  target: string
  /** null: about the collector, or about all organisations. */
  organisationId: string | null
  detail: Record<string, unknown>
}

export interface Audit {
  /** @param db the collector's store, or a transaction of it. */
  record(db: Kysely<Database>, entry: AuditEntry): Promise<void>
  /** Gives what waits its place in the chain. @returns the head after it. */
  settle(db: Kysely<Database>): Promise<Head>
  /** As orders carry it. */
  headText(db: Kysely<Database>): Promise<string>
  /**
   * Payloads from before this instant end, of organisations that keep what is over for `daysKept` (400, as what is of none);
   * that they did is a line of its own. @param from where they are looked for, so that no commit waits for that. @returns how many.
   */
  erase(db: Kysely<Database>, before: number, daysKept?: number, from?: Kysely<Database>): Promise<number>
}

/** In one transaction; more wait for the next. */
const maxSteps = 500
const maxErased = 1_000
/** As signals and tickets (invariant 10), where an organisation doesn't say otherwise. */
export const payloadsKeptForMs = days(keptDays.usual)

export function createAudit({ time }: { time: Time }): Audit {
  const within = <Result>(db: Kysely<Database>, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
    db.isTransaction ? work(db as Tx) : db.transaction().execute(work)
  /** Inside a caller's transaction once; the rest waits, so that nobody's change is held up by it. */
  const settle = async (db: Kysely<Database>): Promise<Head> => {
    for (;;) {
      const { head, isMore } = await within(db, (tx) => append(tx, [], time.now()))
      if (!isMore || db.isTransaction) return head
    }
  }
  return {
    record: async (db, entry) => {
      await within(db, (tx) => append(tx, [entry], time.now()))
    },
    settle,
    headText: async (db) => headText(await settle(db)),
    erase: async (db, before, daysKept = keptDays.usual, from = db) => {
      const lines = await oldLines(from, before, daysKept)
      if (lines.length > 0) await within(db, (tx) => erase(tx, lines, daysKept, time.now()))
      return lines.length
    },
  }
}

/** Steps that wait come first: they were committed before. */
async function append(tx: Tx, entries: readonly AuditEntry[], now: number): Promise<{ head: Head; isMore: boolean }> {
  // Writers take turns by this row: on PostgreSQL it is locked until the transaction ends.
  const { numUpdatedRows } = await tx.updateTable('audit_heads').set({ id: 'head' }).where('id', '=', 'head').executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Error('The audit has lost its head.')
  const head: Head = await tx.selectFrom('audit_heads').select(['number', 'hash']).where('id', '=', 'head').executeTakeFirstOrThrow()
  const steps = await tx.selectFrom('audit_due').selectAll().orderBy('number').limit(maxSteps).execute()
  const after = await link(tx, head, [...steps.map(entryOf), ...entries], now)
  const last = steps.at(-1)
  if (last)
    await tx
      .deleteFrom('audit_due')
      .where('number', '<=', last.number)
      .where(
        'number',
        'in',
        steps.map(({ number }) => number),
      )
      .execute()
  if (after !== head) await tx.updateTable('audit_heads').set(after).where('id', '=', 'head').execute()
  return { head: after, isMore: steps.length === maxSteps }
}

/** All of them in two statements, whatever their number. @returns the head after the last. */
async function link(tx: Tx, head: Head, entries: readonly Entry[], now: number): Promise<Head> {
  if (entries.length === 0) return head
  let after = head
  const lines = entries.map((entry) => {
    const made = lineAfter(after, entry, now)
    after = { number: made.row.number, hash: made.row.hash }
    return made
  })
  await tx
    .insertInto('audit')
    .values(lines.map(({ row }) => row))
    .execute()
  await tx
    .insertInto('audit_payloads')
    .values(lines.map(({ payload }) => payload))
    .execute()
  return after
}

type Entry = AuditEntry & { at?: number }

function lineAfter({ number, hash }: Head, { actor, action, target, organisationId, detail, at }: Entry, now: number) {
  const [id, salt, text] = [orderedId(), randomBytes(16).toString('base64url'), JSON.stringify(detail)]
  const about = { id, number: number + 1, at: at ?? now, actor, action, target }
  const payloadHash = payloadHashOf(salt, text)
  const line = { ...about, organisationId, payloadHash, previous: hash }
  const row = { ...about, organisation_id: organisationId, payload_hash: payloadHash, previous: hash, hash: linkOf(line) }
  return { row, payload: { audit_id: id, salt, detail: text } }
}

/** Oldest first, so that what was erased up to a line is one range. */
const oldLines = (from: Kysely<Database>, before: number, daysKept: number) =>
  from
    .selectFrom('audit')
    .innerJoin('audit_payloads', 'audit_id', 'audit.id')
    .leftJoin('organisations', 'organisations.id', 'audit.organisation_id')
    .select(['audit.id', 'audit.number'])
    .where('audit.at', '<', before)
    .where(({ fn, val }) => fn.coalesce('organisations.kept_days', val(keptDays.usual)), '=', daysKept)
    .orderBy('audit.number')
    .limit(maxErased)
    .execute()

async function erase(tx: Tx, old: Awaited<ReturnType<typeof oldLines>>, daysKept: number, now: number): Promise<void> {
  const numbers = old.flatMap(({ number }) => number ?? [])
  const ids = old.map(({ id }) => id)
  await tx.deleteFrom('audit_payloads').where('audit_id', 'in', ids).execute()
  const lines = numbers.length === 0 ? '0' : ranges(numbers)
  const target = daysKept === keptDays.usual ? `audit:${lines}` : `audit:${lines}@${daysKept}d`
  await append(tx, [{ actor: 'system', action: 'audit.erase', target, organisationId: null, detail: { payloads: ids.length } }], now)
}

/** `1-7,9`, ascending; `#forgive` in verify.ts reads it. */
export function ranges(numbers: readonly number[]): string {
  const spans: [number, number][] = []
  for (const number of numbers) {
    const last = spans.at(-1)
    if (last && last[1] + 1 === number) last[1] = number
    else spans.push([number, number])
  }
  return spans.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}
