import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { days, minutes, seconds } from '#shared/domain/time.ts'
import { agentFolder, enrolTestAgent, startTestAgent, toldDetector } from '../support/agent.ts'
import { signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { startPostgres } from '../support/postgres.ts'
import { freePort, startProgram } from '../support/program.ts'
import { enrolRaw } from '../support/raw-agent.ts'
import { shiftedTime } from '../support/shifted-time.ts'
import { startSide } from './nothing-is-lost/process.ts'

const postgres = await startPostgres()
const postgresUrl = postgres.kind === 'running' ? postgres.url : undefined
if (postgres.kind === 'unavailable') console.log(`The keys of a collector on PostgreSQL are not restored here: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})

const within = { timeout: seconds(45), interval: 100 }

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-backup-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

interface Safe {
  /** `tierline backup`, as people run it, beside whatever runs on this folder. */
  backup(dataDir: string, ...flags: string[]): Promise<void>
  /** `tierline restore` into a folder that was not there; what it said, and the folder. */
  restore(...flags: string[]): Promise<{ dataDir: string; said: string }>
}

function safe(): Safe {
  const place = folder()
  const [file, passphrase, dataDir] = [join(place, 'collector.backup'), join(place, 'passphrase'), join(place, 'restored')]
  writeFileSync(passphrase, 'four words that nobody says\n', { mode: 0o600 })
  const run = async (verb: string, data: string, flags: string[]): Promise<string> => {
    const program = startProgram([verb, file, '--data', data, '--passphrase-file', passphrase, ...flags])
    expect([await program.ended, program.errors()]).toEqual([0, ''])
    return program.output()
  }
  return {
    backup: async (from, ...flags) => void (await run('backup', from, flags)),
    restore: async (...flags) => ({ said: await run('restore', dataDir, flags), dataDir }),
  }
}

function readStored(dataDir: string): Map<string, number> {
  const database = new DatabaseSync(join(dataDir, 'tierline.db'), { readOnly: true })
  const rows = database.prepare(`select about, count(*) as times from signals where kind like '%test.happened' group by about`).all()
  database.close()
  return new Map(rows.map(({ about, times }) => [String(about), Number(times)]))
}

it('keeps all that was committed before it, and gets again what the agent still has of what came after', { timeout: 120_000 }, async () => {
  const [dataDir, agentDir, port, { backup, restore }] = [folder(), agentFolder(), String(await freePort()), safe()]
  const collector = startSide('collector.ts', [dataDir, port])
  await enrolTestAgent(await collector.line(), agentDir)
  const agent = startSide('agent.ts', [agentDir, 'said'])
  await expect.poll(() => readStored(dataDir).size, within).toBeGreaterThan(50)

  const before = [...readStored(dataDir).keys()]
  await backup(dataDir)
  const during = readStored(dataDir).size
  expect(during).toBeGreaterThan(before.length)
  await expect.poll(() => readStored(dataDir).size, within).toBeGreaterThan(during + 20)
  const acknowledged = [...readStored(dataDir).keys()]
  await collector.kill('SIGKILL')

  const restored = await restore()
  const inBackup = readStored(restored.dataDir)
  expect(before.filter((about) => !inBackup.has(about))).toEqual([])
  expect(inBackup.size).toBeLessThan(acknowledged.length)
  await startSide('collector.ts', [restored.dataDir, port]).line()
  await expect.poll(() => acknowledged.filter((about) => !readStored(restored.dataDir).has(about)), within).toEqual([])
  await agent.kill('SIGTERM')
  await expect.poll(() => agent.lines.filter((about) => readStored(restored.dataDir).get(about) !== 1), within).toEqual([])
})

it('shows as a gap what the agent was told to forget, and the lane goes on', { timeout: 120_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder() })
  const told = toldDetector()
  // A spool this small has segments of 16 KiB; this one keeps none that is acknowledged.
  const config = { spoolMaxBytes: 262_144, keepAcknowledgedMs: 0 }
  const agent = await startTestAgent({ token: await collector.token(), detectors: [told.detector], config })
  onTestFinished(() => agent.stop('stop'))
  const summary = 'x'.repeat(400)
  const happens = (about: string) => told.say({ kind: 'test.happened', severity: 'info', about, summary })
  await happens('before')
  await expect.poll(() => readStored(collector.dataDir).has('before'), within).toBe(true)
  await backup(collector.dataDir)
  for (let count = 0; count < 150; count += 1) await happens(`after-${count}`)
  await expect.poll(() => readStored(collector.dataDir).size, within).toBe(151)
  const { agents, console } = portsOf(collector)
  await collector.stop()

  const { dataDir } = await restore()
  const back = await startTestCollector({ dataDir, agents, console })
  onTestFinished(() => back.stop())
  await happens('once it was back')
  await expect.poll(() => readStored(dataDir).get('once it was back'), within).toBe(1)
  const gaps = await back.store.db.selectFrom('gaps').selectAll().where('lane', '=', 'signals').execute()
  expect(gaps).toHaveLength(1)
  const missing = gaps.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0)
  const kept = [...readStored(dataDir).keys()].filter((about) => about.startsWith('after-')).length
  expect([missing > 0, missing + kept]).toEqual([true, 150])
})

it('sends no command by itself that was on its way, and fires what is overdue once', { timeout: 120_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder() })
  const { endpointId } = await enrolRaw(await collector.token())
  const person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
  await person.post(`/api/endpoints/${endpointId}/isolate`, { reason: 'to see what becomes of it' })
  const asked = await askedTicket(collector, endpointId)
  await collector.store.db.updateTable('commands').set({ ticket_id: asked }).execute()
  for (const title of ['one', 'two']) {
    await person.post('/api/tickets', { organisationId: collector.organisationId, title, urgency: 'high' })
  }
  await backup(collector.dataDir)
  await collector.stop()

  const { dataDir, said } = await restore()
  expect(said).toContain('waits for a person: commands 1, questions 1')
  const time = shiftedTime()
  time.shift(days(2))
  const back = await startTestCollector({ dataDir, time })
  onTestFinished(() => back.stop())
  const { db } = back.store
  const overdue = db.selectFrom('timers').select(['id', 'fired_at', 'cancelled_at']).where('due_at', '<=', time.now())
  const unfired = overdue.where('fired_at', 'is', null).where('cancelled_at', 'is', null)
  await expect.poll(() => unfired.execute(), within).toEqual([])
  await back.pipeline.idle()

  expect(await db.selectFrom('commands').select(['verb', 'status', 'sent_at']).execute()).toEqual([
    { verb: 'isolate-host', status: 'expired', sent_at: null },
  ])
  const settled = await db.selectFrom('timeline').select('body').where('kind', '=', 'command-settled').executeTakeFirst()
  expect(settled?.body).toContain('restored from a backup')

  const fired = await overdue.where('fired_at', 'is not', null).execute()
  expect(fired.length).toBeGreaterThan(1)
  expect(new Set(fired.map(({ fired_at }) => fired_at)).size).toBe(1)
  const escalated = await db.selectFrom('timeline').select('ticket_id').where('kind', '=', 'escalated').execute()
  expect(new Set(escalated.map(({ ticket_id }) => ticket_id)).size).toBe(escalated.length)
  const question = await db.selectFrom('timeline').select(['kind', 'body']).where('ticket_id', '=', asked).orderBy('id').execute()
  expect(question.map(({ kind }) => kind)).not.toContain('command-requested')
  expect(question.find(({ kind }) => kind === 'containment-asked')?.body).toContain('restored from a backup')
  const look = await db.selectFrom('tickets').select(['team', 'title']).where('kind', '=', 'security.isolation.failed').execute()
  expect(look).toEqual([{ team: 'security', title: expect.stringContaining('has to be looked at') }])
})

it.skipIf(postgresUrl === undefined)(
  'restores the keys beside a database that was restored by its own means',
  { timeout: 120_000 },
  async () => {
    const { backup, restore } = safe()
    const settings = { database: postgresUrl ?? '' }
    const collector = await startTestCollector({ dataDir: folder(), ...settings })
    const { endpointId } = await enrolRaw(await collector.token())
    const person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
    await person.post(`/api/endpoints/${endpointId}/isolate`, { reason: 'to see what becomes of it' })
    await collector.stop()
    await backup(collector.dataDir, '--keys-only')

    const { dataDir, said } = await restore('--database', settings.database)
    expect(said).toContain('waits for a person: commands 1')
    const back = await startTestCollector({ dataDir, ...settings })
    onTestFinished(() => back.stop())
    expect([back.identity.caFingerprint, back.identity.authority.kid]).toEqual([
      collector.identity.caFingerprint,
      collector.identity.authority.kid,
    ])
    expect(await back.store.db.selectFrom('commands').select('status').execute()).toEqual([{ status: 'expired' }])
  },
)

/** A ticket about this machine whose question would answer itself with an isolation in ten minutes. */
async function askedTicket({ store: { db }, organisationId, consoleUrl, firstSignIn }: TestCollector, endpointId: string): Promise<string> {
  const person = await signIn(consoleUrl, firstSignIn.login, firstSignIn.password)
  const { id } = await person.post<{ id: string }>('/api/tickets', { organisationId, title: 'odd', urgency: 'high' })
  await db.updateTable('tickets').set({ endpoint_id: endpointId, containment: 'asked' }).where('id', '=', id).execute()
  const timer = { id: `ask-${id}`, ticket_id: id, kind: 'ask-due' as const, payload: '{}', fired_at: null, cancelled_at: null }
  await db
    .insertInto('timers')
    .values({ ...timer, created_at: Date.now(), due_at: Date.now() + minutes(10) })
    .execute()
  return id
}

function portsOf({ consoleUrl, agentsUrl }: TestCollector) {
  const place = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
  return { console: place(consoleUrl), agents: place(agentsUrl) }
}
