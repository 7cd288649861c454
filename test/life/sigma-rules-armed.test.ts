import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SigmaRuleList } from '#shared/api/sigma-rules.ts'
import type { TicketList } from '#shared/api/tickets.ts'
import { days, seconds } from '#shared/domain/time.ts'
import sigmaRules from '../../agent/sense/detectors/sigma-rules.ts'
import { createAudit } from '../../server/audit/audit.ts'
import { openMatrices } from '../../server/desk/matrices.ts'
import { createArmedRules } from '../../server/due/armed-rules.ts'
import { systemTime } from '../../server/system-time.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { FakeMachine } from '../support/fake-machine.ts'

/*
 * Three machines watch a rule over real sockets. Eight days pass for what counts them; then the rule speaks its own level, until a policy says
 * otherwise, which the agents hear live. Told in order, each step begins where the last one ended.
 */
const within = { timeout: seconds(20), interval: 50 }
const log = '/var/log/auth.log'
const id = '0c8f2a6e-5a5e-4d3f-9f3b-2f6d0a3f7e11'
const rule = `title: Somebody Says Evil
id: ${id}
status: test
level: critical
logsource: { product: linux, service: sshd }
detection: { words: [evil], condition: words }
`
const machines = [new FakeMachine(), new FakeMachine(), new FakeMachine()]
const agents: TestAgent[] = []
let collector: TestCollector
let person: ApiClient

beforeAll(async () => {
  collector = await startTestCollector()
  const { login, password } = collector.firstSignIn
  person = await signIn(collector.consoleUrl, login, password)
  for (const [index, machine] of machines.entries()) {
    machine.filesNow = { '/etc/tierline/sigma/evil.yml': rule, [log]: '' }
    const token = await collector.token({ role: 'server' })
    const config = { authLogs: [log] }
    agents.push(await startTestAgent({ token, hostname: `srv-${index}`, probe: machine, detectors: [sigmaRules], config }))
  }
})
afterAll(async () => {
  for (const agent of agents) await agent.stop('stop')
  await collector?.[Symbol.asyncDispose]()
})

const listed = async () => (await person.get<SigmaRuleList>('/api/sigma-rules')).rules.find((each) => each.rule === id)
let lines = 0
const evil = (index: number): void => {
  lines += 1
  machines[index]?.log(`Nov 23 09:00:00 srv sshd[${lines}]: evil ${lines}`)
}
const severities = async () =>
  (
    await collector.store.db.selectFrom('signals').select('severity').where('kind', 'like', 'security.sigma.%').orderBy('arrival').execute()
  ).map(({ severity }) => severity)

it('all tell which rules they watch, and nobody has armed them', async () => {
  await expect.poll(async () => (await collector.store.db.selectFrom('rule_watches').selectAll().execute()).length, within).toBe(3)
  await createLook()(systemTime.now())
  expect(await listed()).toMatchObject({
    title: 'Somebody Says Evil',
    severity: 'critical',
    status: 'test',
    isArmed: false,
    reason: 'days',
  })
  evil(0)
  await expect.poll(severities, within).toEqual(['high'])
  // The hit of today is not what this is about.
  await collector.store.db.deleteFrom('signals').execute()
})

function createLook() {
  const { store } = collector
  return async (now: number): Promise<void> => {
    const matrices = await openMatrices({ store, time: systemTime })
    await createArmedRules({ store, rules: matrices.rules, audit: createAudit({ time: systemTime }) })(now)
  }
}

it('after seven whole days on all machines it says its own level, and the ticket is a P1', async () => {
  const look = createLook()
  for (let day = 1; day <= 8; day += 1) await look(systemTime.now() + days(day))
  expect(await listed()).toMatchObject({ isArmed: true, reason: 'record', days: 7, endpoints: 3, ofEndpoints: 3, hits: 0 })
  evil(1)
  await expect.poll(severities, within).toEqual(['critical'])
  const tickets = async () =>
    (await person.get<TicketList>('/api/tickets?status=open')).tickets.filter(({ severity }) => severity === 'critical')
  await expect.poll(tickets, within).toMatchObject([{ team: 'security', priority: 'P1', title: 'A Sigma rule fits: Somebody Says Evil' }])
})

it('a policy that disarms it goes before, at agents that run', async () => {
  await person.put('/api/policy', { yaml: `policies:\n  - security: { disarmedRules: [${id}] }\n` })
  const number = async () => (await person.get<{ atAgent: number }>(`/api/endpoints/${agents[2]?.endpointId}/policy`)).atAgent
  await expect.poll(number, within).toBe(1)
  expect(await listed()).toMatchObject({ isArmed: true })
  evil(2)
  await expect.poll(severities, within).toEqual(['critical', 'high'])
})
