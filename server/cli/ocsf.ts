import { Fault } from '#shared/domain/fault.ts'
import { ocsfFindingOf } from '#shared/domain/ocsf-finding.ts'
import type { Evidence, Facts } from '#shared/domain/signal.ts'
import type { Verb } from '../main.ts'
import type { Store } from '../store/store.ts'
import { ticketNamed } from './sla.ts'
import { readWords } from './start/flags.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- ocsf TICKET [flags]

Prints a ticket's security signals as OCSF detection findings (class 2004, version 1.3.0), one line of JSON each, for other
tools to read. TICKET is its number, or its id. The collector may be running meanwhile.

  --data DIR      the collector's data folder (./tierline-data)
  --database URL  postgres://…, when the collector was started with it
`

const verb: Verb = {
  summary: 'prints a ticket’s security signals in OCSF’s words',
  usage,
  async run(args) {
    const {
      config,
      words: [name, ...more],
    } = readWords(args)
    if (name === undefined || more.length > 0) throw new Fault('flag-bad', 'Name one ticket by its number, or its id.')
    process.stdout.write(await withStore(config, (store) => findingLines(store, name)))
  },
}
export default verb

/** JSON escapes what a terminal would obey, but for the controls of Latin-1; those are escaped here. */
export async function findingLines(store: Store, name: string): Promise<string> {
  const { id } = await ticketNamed(store, name)
  const rows = await store.reader
    .selectFrom('signals')
    .leftJoin('endpoints', 'endpoints.id', 'signals.endpoint_id')
    .selectAll('signals')
    .select(['endpoints.hostname', 'endpoints.platform', 'endpoints.confirmed_role'])
    .where('signals.ticket_id', '=', id)
    .where('signals.kind', 'like', 'security.%')
    .orderBy('signals.arrival')
    .execute()
  const findings = rows.map((row) => {
    const told = { facts: JSON.parse(row.facts) as Facts, evidence: JSON.parse(row.evidence) as Evidence[] }
    const { endpoint_id, hostname, platform, confirmed_role } = row
    const isKnown = endpoint_id !== null && hostname !== null && platform !== null
    const device = isKnown ? { id: endpoint_id, hostname, platform, role: confirmed_role ?? ('unknown' as const) } : undefined
    return ocsfFindingOf({ ...row, ...told, sensedAt: row.sensed_at, receivedAt: row.received_at }, device)
  })
  return findings.map((finding) => `${escaped(JSON.stringify(finding))}\n`).join('')
}

const escaped = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
