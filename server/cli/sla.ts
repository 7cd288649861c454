import { Fault } from '#shared/domain/fault.ts'
import { shippedMatrix } from '../desk/matrices.ts'
import type { LedgerEntry, Named } from '../escalate/ledger.ts'
import { ledgerOf } from '../escalate/ledger.ts'
import { printLedger } from '../escalate/print-ledger.ts'
import { calendarNamed } from '../escalate/promise.ts'
import type { Verb } from '../main.ts'
import { loadMatrix, type Matrix, parseMatrix } from '../route/matrix.ts'
import type { Store } from '../store/store.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { systemTime } from '../system-time.ts'
import { headline } from '../ticket/sentences.ts'
import { readWords } from './start/flags.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- sla explain TICKET [flags]

Prints where every minute of a ticket went: running, paused (and for whom), outside of the promised hours. TICKET is its
number, or its id. The collector may be running meanwhile.

  --data DIR      the collector's data folder (./tierline-data)
  --database URL  postgres://…, when the collector was started with it
`

const verb: Verb = {
  summary: 'explains where the minutes of a promise went',
  usage,
  async run(args) {
    const {
      config,
      words: [what, name],
    } = readWords(args)
    if (what !== 'explain' || name === undefined) throw new Fault('flag-bad', 'Write: sla explain TICKET, with the number of a ticket.')
    process.stdout.write(await withStore(config, (store) => explain(store, name)))
  },
}
export default verb

export async function ticketNamed({ reader }: Store, name: string): Promise<TicketsTable> {
  const tickets = reader.selectFrom('tickets').selectAll()
  const number = /^#?(\d{1,12})$/.exec(name)?.[1]
  const ticket = await (number === undefined
    ? tickets.where('id', '=', name)
    : tickets.where('number', '=', Number(number))
  ).executeTakeFirst()
  if (!ticket) throw new Fault('ticket-unknown', `There is no ticket ${name}; the board shows the numbers of those that there are.`)
  return ticket
}

export async function explain(store: Store, name: string): Promise<string> {
  const { reader } = store
  const ticket = await ticketNamed(store, name)
  const rows = await reader.selectFrom('timeline').selectAll().where('ticket_id', '=', ticket.id).orderBy('at').orderBy('id').execute()
  const entries = rows.map((row): LedgerEntry => ({ ...row, body: JSON.parse(row.body) as LedgerEntry['body'] }))
  const now = systemTime.now()
  const matrices = await matricesOf(reader, entries)
  const calendarOf = ({ calendar, timeZone, matrixVersion }: Named) => calendarNamed(matrices(matrixVersion), calendar, timeZone)
  return printLedger({ ...ticket, title: headline(ticket, now) }, ledgerOf(entries, calendarOf, now))
}

/** The versions that were promised by; where one can't be read any more, the one that ships. */
async function matricesOf(reader: Store['reader'], entries: readonly LedgerEntry[]): Promise<(version: number) => Matrix> {
  const versions = [...new Set(entries.flatMap(({ kind, body }) => (kind === 'promised' ? Number(body.matrixVersion) : [])))]
  const rows = await reader
    .selectFrom('matrix_versions')
    .select(['version', 'yaml'])
    .where('version', 'in', [...versions, 0])
    .execute()
  const known = new Map(rows.map(({ version, yaml }) => [version, parseMatrix(yaml)]))
  const shipped = await loadMatrix(shippedMatrix)
  return (version) => {
    const found = known.get(version) ?? shipped
    const matrix = found.kind === 'matrix' ? found : shipped
    if (matrix.kind === 'matrix') return matrix.matrix
    throw new Fault('matrix-bad', 'The matrix that ships with Tierline can’t be read: install it anew.')
  }
}
