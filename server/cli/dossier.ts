import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { createAudit } from '../audit/audit.ts'
import { type CollectorConfig, configFlags, loadConfig } from '../config.ts'
import { contentsOf } from '../dossier/contents.ts'
import { openDossier, packDossier } from '../dossier/dossier.ts'
import { openIdentity } from '../identity/identity.ts'
import type { Verb } from '../main.ts'
import type { Store } from '../store/store.ts'
import { systemTime } from '../system-time.ts'
import { explain, ticketNamed } from './sla.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- dossier TICKET [--out FILE] [flags]
       npm run -s tierline -- dossier verify FILE [--kid FINGERPRINT]

The first writes all that is known of a ticket into one signed archive: timeline, evidence, commands, the matrix that
decided, where the minutes went, and its lines of the audit. That it was made stands in the audit. The second says whether
anything in such an archive was altered since; it needs no collector.

  --out FILE         where to (./ticket-NUMBER.tar.gz)
  --kid FINGERPRINT  of the key that must have signed it, as the collector's owner told you
  --data DIR         the collector's data folder (./tierline-data)
  --database URL     postgres://…, when the collector was started with it
`

const verb: Verb = {
  summary: 'writes all about a ticket into one signed archive, or verifies one',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const text = { type: 'string' } as const
    const { values, positionals } = parseArgs({ args, options: { data, database, out: text, kid: text }, allowPositionals: true })
    const { out, kid, ...flags } = values
    const [what, file, ...more] = positionals
    if (what === 'verify' && file !== undefined && more.length === 0) return verifyFile(file, kid)
    if (what === undefined || what === 'verify' || file !== undefined)
      throw new Fault('flag-bad', 'Name a ticket by its number, or write: dossier verify FILE.')
    await write(loadConfig(flags, process.env), what, out)
  },
}
export default verb

async function write(config: CollectorConfig, name: string, out: string | undefined): Promise<void> {
  await withStore(config, async (store) => {
    const { archive, number, kid } = await makeDossier(store, config.dataDir, name)
    const to = out ?? `ticket-${number}.tar.gz`
    writeFileSync(to, archive, { mode: 0o600, flag: 'wx' })
    process.stdout.write(`${to}: signed with the key ${kid}. Tell that fingerprint to whoever gets it, by another way.\n`)
  })
}

export async function makeDossier(store: Store, dataDir: string, name: string): Promise<{ archive: Buffer; number: number; kid: string }> {
  const ticket = await ticketNamed(store, name)
  const { authority } = await openIdentity({ dataDir, store, time: systemTime, verbs: ['*'] })
  const audit = createAudit({ time: systemTime })
  const about = { actor: 'system', target: `ticket:${ticket.id}`, organisationId: ticket.organisation_id }
  await audit.record(store.db, { ...about, action: 'ticket.dossier', detail: { number: ticket.number } })
  const auditHead = await audit.headText(store.db)
  const files = await contentsOf(store.reader, ticket, await explain(store, name))
  const signer = { key: authority.key, sign: authority.signDossier }
  const archive = await packDossier({ ticket: ticket.number, madeAt: systemTime.now(), auditHead }, files, signer)
  return { archive, number: ticket.number, kid: authority.kid }
}

async function verifyFile(file: string, expected: string | undefined): Promise<void> {
  const { manifest, kid } = await openDossier(readFileSync(file))
  if (expected !== undefined && expected !== kid) throw new Fault('dossier-bad', `It was signed by another key than ${expected}: ${kid}.`)
  const about = `Ticket ${manifest.ticket}, made ${new Date(manifest.madeAt).toISOString()}; the audit stood at ${manifest.auditHead}.\n`
  const whose =
    expected === undefined
      ? `Compare the fingerprint of its key with the one the collector’s owner tells you: ${kid}`
      : `Its key is ${kid}, as it must be`
  process.stdout.write(`${about}All ${manifest.files.length} files are what was signed. ${whose}.\n`)
}
