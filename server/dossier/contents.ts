import type { Kysely } from 'kysely'
import type { TarFile } from '#shared/protocol/tar.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/*
 * What is known of a ticket, as files: read and never written. Each instant stands as people read it (ISO 8601, UTC), and
 * of each piece of evidence both: when it happened by the machine's clock, and when it arrived by ours.
 */

type Row = Record<string, unknown>

export async function contentsOf(db: Kysely<Database>, ticket: TicketsTable, ledger: string): Promise<TarFile[]> {
  const [timeline, signals, commands] = await Promise.all([
    db.selectFrom('timeline').selectAll().where('ticket_id', '=', ticket.id).orderBy('at').orderBy('id').execute(),
    db.selectFrom('signals').selectAll().where('ticket_id', '=', ticket.id).orderBy('received_at').orderBy('id').execute(),
    db.selectFrom('commands').selectAll().where('ticket_id', '=', ticket.id).orderBy('requested_at').orderBy('id').execute(),
  ])
  const targets = [`ticket:${ticket.id}`, ...commands.map(({ id }) => `command:${id}`)]
  const versions = [...new Set([ticket.matrix_version, ticket.plan_version])]
  return [
    file('README.txt', readme),
    file('ticket.json', `${JSON.stringify(readable(ticket), undefined, 2)}\n`),
    file('timeline.jsonl', lines(timeline)),
    file('commands.jsonl', lines(commands)),
    file('ledger.txt', ledger),
    file('audit.jsonl', lines(await auditOf(db, targets))),
    ...(await matricesOf(db, versions)),
    ...signals.map((signal, nth) => file(`evidence/${String(nth + 1).padStart(4, '0')}.json`, evidence(signal))),
  ]
}

function evidence({ sensed_at, received_at, ...signal }: { sensed_at: number; received_at: number }): string {
  const times = { happenedAt: iso(sensed_at), arrivedAt: iso(received_at) }
  return `${JSON.stringify({ ...times, ...readable(signal) }, undefined, 2)}\n`
}

/** As they stand in the chain, with what they tell, so that each line's hash can be computed anew. */
async function auditOf(db: Kysely<Database>, targets: readonly string[]): Promise<Row[]> {
  const audit = db.selectFrom('audit').leftJoin('audit_payloads', 'audit_id', 'audit.id').selectAll('audit').select(['salt', 'detail'])
  return audit.where('target', 'in', targets).orderBy('audit.at').orderBy('audit.number').execute()
}

async function matricesOf(db: Kysely<Database>, versions: readonly number[]): Promise<TarFile[]> {
  const rows = await db.selectFrom('matrix_versions').selectAll().where('version', 'in', versions).orderBy('version').execute()
  return rows.map(({ version, yaml }) => file(`matrix-${version}.yaml`, yaml))
}

const file = (name: string, text: string): TarFile => ({ name, content: Buffer.from(text) })
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(readable(row))}\n`).join('')

const jsonColumns = new Set(['body', 'facts', 'evidence', 'args', 'signatures', 'result', 'resolution', 'reasons'])
/** Nothing of a commitment is rewritten: hashes of the audit are over the number. */
function readable(row: object): Row {
  const shown = ([name, value]: [string, unknown]): [string, unknown] => {
    if (typeof value === 'string' && jsonColumns.has(name)) return [name, JSON.parse(value)]
    return typeof value === 'number' && (/_(at|by)$/.test(name) || name === 'at') ? [name, `${iso(value)} (${value})`] : [name, value]
  }
  return Object.fromEntries(Object.entries(row).map(shown))
}

function iso(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}

const readme = `One ticket of a Tierline collector, as it stood when this was made.

ticket.json      what it is, its priority and why, and the version of the escalation matrix that decided
timeline.jsonl   everything that became of it, oldest first
evidence/        what machines said: happenedAt by their clock, arrivedAt by the collector's
commands.jsonl   what machines were told to do, the signed bytes (payload, jws, signatures), and what came of it
ledger.txt       where the minutes of its promises went
matrix-N.yaml    the escalation matrix of that version; absent where it is the one that ships
audit.jsonl      who did and saw what, as lines of the collector's audit with their hashes
manifest.jws     the hashes of all of these and the head of the audit, signed by the collector

"tierline dossier verify FILE" says whether anything was altered since, and whose key signed it. Ask the collector's
owner for that key's fingerprint by another way.
`
