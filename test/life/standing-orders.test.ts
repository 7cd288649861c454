import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { agentFolder } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'

/* One order, signed once; then its machine is alone. Told in order: each step begins where the one before it ended. */
const within = { timeout: seconds(20), interval: 50 }
const dataDir = agentFolder()
const ranFile = join(dataDir, 'ran')
let collector: TestCollector
let person: ApiClient
let agent: ChildProcess

function startAgent(token = ''): ChildProcess {
  const program = join(import.meta.dirname, '../support/standing-agent.ts')
  return spawn(process.execPath, [program, dataDir, ranFile, token], { stdio: ['pipe', 'pipe', 'inherit'] })
}
const ran = () => (existsSync(ranFile) ? readFileSync(ranFile, 'utf8').split('\n').filter(Boolean) : [])
const command = (verb: string) => collector.store.db.selectFrom('commands').selectAll().where('verb', '=', verb).execute()

beforeAll(async () => {
  collector = await startTestCollector()
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
  agent = startAgent(await collector.token({ role: 'server' }))
})
afterAll(async () => {
  agent?.kill('SIGKILL')
  await collector?.[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

it('reaches the machine that it is for', async () => {
  await expect.poll(() => collector.store.db.selectFrom('endpoints').select('id').execute(), within).toHaveLength(1)
  const asked = { organisationId: collector.organisationId, draft: 'restart-failed-service', reason: 'it falls over at night' }
  await person.post('/api/standing-orders', { ...asked })
  await expect.poll(async () => (await command('keep-standing-order')).map(({ status }) => status), within).toEqual(['succeeded'])
})

it('runs once, while the collector is away and over kill -9', async () => {
  await collector.stop()
  agent.stdin?.write('web.service\n')
  await expect.poll(ran, within).toEqual(['systemctl restart -- web.service'])
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  agent = startAgent()
  await once(agent.stdout ?? agent, 'data')
  agent.stdin?.write('web.service\n')
})

it('and its result arrives later, on the ticket, with which order and which run of how many', async () => {
  collector = await collector.restart()
  await expect.poll(async () => (await command('restart-service')).map(({ status }) => status), within).toEqual(['succeeded'])
  const [run] = await command('restart-service')
  expect(run).toMatchObject({ requested_by: 'agent', result: expect.stringContaining('run 1 of 100: web.service is active') })
  await expect.poll(async () => (await command('restart-service'))[0]?.ticket_id, within).not.toBeNull()
  const said = collector.store.db.selectFrom('timeline').select('body').where('kind', '=', 'command-settled')
  await expect.poll(async () => (await said.execute()).map(({ body }) => body).join(), within).toContain('run 1 of 100')
  expect(ran()).toHaveLength(1)
})
