import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { agentFolder, startTestAgent } from '../support/agent.ts'
import { signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { suiteDatabase } from '../support/database.ts'
import { listOf } from '../support/documents.ts'
import { startProgram } from '../support/program.ts'
import { connectRaw, dialRaw, enrolRaw } from '../support/raw-agent.ts'

/* What the collector signed after its backup comes back with its agents: who was shut out stays out, where it moved to is known. */
const within = { timeout: seconds(30), interval: 100 }
const moved = 'https://rmm.example.org:7843'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-handed-back-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** `tierline backup` and later `tierline restore`, as people run them. */
function safe() {
  const place = folder()
  const [file, passphrase, dataDir] = [join(place, 'collector.backup'), join(place, 'passphrase'), join(place, 'restored')]
  writeFileSync(passphrase, 'four words that nobody says\n', { mode: 0o600 })
  const run = async (verb: string, data: string): Promise<void> => {
    const program = startProgram([verb, file, '--data', data, '--passphrase-file', passphrase])
    expect([await program.ended, program.errors()]).toEqual([0, ''])
  }
  return { backUp: (from: string) => run('backup', from), restore: async () => run('restore', dataDir).then(() => dataDir) }
}

const keeps = (dataDir: string, name: string): string | undefined => {
  const file = join(dataDir, 'identity/documents', `${name}.jws`)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

const placesOf = ({ consoleUrl, agentsUrl }: TestCollector) => {
  const place = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
  return { agents: place(agentsUrl), console: place(consoleUrl) }
}

// A backup of PostgreSQL is made by its own means; what comes back with the agents is the same.
it.skipIf(suiteDatabase() === 'postgres')(
  'revokes again, as soon as one agent is back, who was revoked after the backup; and one ticket says so',
  { timeout: 120_000 },
  async () => {
    const { backUp, restore } = safe()
    const collector = await startTestCollector({ dataDir: folder() })
    const agentDir = agentFolder()
    const agent = await startTestAgent({ token: await collector.token(), dataDir: agentDir })
    const stolen = await enrolRaw(await collector.token(), 'stolen')
    await backUp(collector.dataDir)

    const person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
    await person.remove(`/api/endpoints/${stolen.endpointId}`)
    await collector.identity.documents.issue(addresses, () => listOf(moved, collector.agentsUrl))
    const { documents } = collector.identity
    const [list, revoked] = ['addresses', 'revocations'].map((name) => documents.newerThan({ [name]: 0 })[0]?.jws)
    await expect.poll(() => [keeps(agentDir, 'addresses'), keeps(agentDir, 'revocations')], within).toEqual([list, revoked])
    expect(await dialRaw(stolen)).toMatchObject({ kind: 'refused', body: { code: 'certificate-revoked' } })
    await agent.stop('stop')
    await collector.stop()

    const back = await startTestCollector({ dataDir: await restore(), ...placesOf(collector) })
    onTestFinished(() => back.stop())
    expect(back.identity.documents.numbers()).toEqual({ addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, revocations: 0 })
    const intruder = await connectRaw(stolen)

    const again = await startTestAgent({ dataDir: agentDir })
    onTestFinished(() => again.stop('stop'))
    expect(await intruder.closed).toEqual({ code: CloseCode.Revoked, reason: 'this endpoint was removed' })
    expect(await dialRaw(stolen)).toMatchObject({ kind: 'refused', body: { code: 'certificate-revoked' } })
    await expect
      .poll(() => back.identity.documents.numbers(), within)
      .toEqual({ addresses: 1, 'audit-heads': 0, authorities: 0, operators: 0, revocations: 1 })
    expect(back.identity.documents.content(addresses)).toEqual(listOf(moved, collector.agentsUrl))

    await back.pipeline.idle()
    const tickets = back.store.db
      .selectFrom('tickets')
      .select(['team', 'priority', 'occurrences'])
      .where('kind', '=', 'system.documents.handed-back')
    expect(await tickets.execute()).toEqual([{ team: 'admin', priority: 'P2', occurrences: 2 }])
    expect(again.isConnected()).toBe(true)
  },
)
