import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { seconds } from '#shared/domain/time.ts'
import { createProbe } from '../../agent/host/probe.ts'
import ransomwareCanary from '../../agent/sense/detectors/ransomware-canary.ts'
import { systemTime } from '../../agent/system-time.ts'
import { startTestAgent, type TestAgent, toldDetector } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'

/*
 * The story of the house: something happens on a machine, and the right person sees the right ticket. A real collector,
 * real agents with real certificates, and a person who looks by the API.
 */

const stack = new AsyncDisposableStack()
let collector: TestCollector
let person: ApiClient

beforeAll(async () => {
  collector = stack.use(await startTestCollector())
  const { login, password } = collector.firstSignIn
  person = await signIn(collector.consoleUrl, login, password)
})
afterAll(() => stack.disposeAsync())

async function machine(hostname: string, role: 'workstation' | 'server' = 'server') {
  const told = toldDetector()
  const agent = await startTestAgent({ token: await collector.token({ role }), hostname, detectors: [told.detector] })
  stack.defer(() => agent.stop('stop'))
  return { agent, say: told.say }
}
const ticketsOf = async ({ endpointId }: TestAgent, status = 'open') => {
  const { tickets } = await person.get<TicketList>(`/api/tickets?status=${status}`)
  return tickets.filter((ticket) => ticket.endpoint?.id === endpointId)
}
const soon = { timeout: seconds(10), interval: 20 }

describe('a health signal', () => {
  it('opens one ticket in its tier, and counts what repeats', async () => {
    const { agent, say } = await machine('srv-1')
    await expect.poll(async () => (await person.get<EndpointDetail>(`/api/endpoints/${agent.endpointId}`)).isConnected, soon).toBe(true)
    const trouble = { kind: 'health.service.down', severity: 'high', about: 'nginx', summary: 'nginx is down' } as const
    await say(trouble)
    await expect
      .poll(() => ticketsOf(agent), soon)
      .toMatchObject([{ tier: 'tier2', priority: 'P2', title: 'nginx is down', occurrences: 1 }])
    await say(trouble)
    await expect.poll(async () => (await ticketsOf(agent))[0]?.occurrences, soon).toBe(2)
  })
})

describe('a canary that somebody writes to', () => {
  it('is a P1 of security within a second', async () => {
    const machine = { probe: createProbe({ time: systemTime, log: pino({ level: 'silent' }) }), detectors: [ransomwareCanary] }
    const agent = await startTestAgent({ token: await collector.token({ role: 'workstation' }), hostname: 'ws-1', ...machine })
    stack.defer(() => agent.stop('stop'))
    const canaries = async () => (await person.get<EndpointDetail>(`/api/endpoints/${agent.endpointId}`)).inventory?.agent.canaries ?? []
    await expect.poll(async () => (await canaries()).length, soon).toBeGreaterThan(0)
    const [canary = ''] = await canaries()

    const touchedAt = performance.now()
    await appendFile(canary, 'x')
    await expect
      .poll(() => ticketsOf(agent), soon)
      .toMatchObject([{ kind: 'security.ransomware.canary', tier: 'security', priority: 'P1' }])
    // A second on an idle machine; here a busy one may take a little longer.
    expect(performance.now() - touchedAt).toBeLessThan(seconds(3))

    const [ticket] = await ticketsOf(agent)
    const { timeline } = await person.get<TicketDetail>(`/api/tickets/${ticket?.id}`)
    expect(timeline.map(({ kind }) => kind).slice(0, 3)).toEqual(['opened', 'prioritised', 'routed'])
  })
})

describe('what was true while nobody listened', () => {
  it('is on the desk when the agent says hello to a collector that was away', async () => {
    const first = await startTestCollector({ dataDir: join(collector.dataDir, 'second') })
    const told = toldDetector()
    const agent = await startTestAgent({ token: await first.token({ role: 'server' }), hostname: 'srv-2', detectors: [told.detector] })
    await expect.poll(() => connectedIn(first), soon).toBe(1)
    await first.stop()
    await told.say({ kind: 'health.crash', severity: 'medium', about: 'kernel', summary: 'the kernel crashed' })
    const second = await first.restart()
    const titles = async () => (await second.store.reader.selectFrom('tickets').select('title').execute()).map(({ title }) => title)
    await expect.poll(titles, { timeout: seconds(30) }).toEqual(['the kernel crashed'])
    await agent.stop('stop')
    await expect.poll(() => connectedIn(second), soon).toBe(0)
    await second.stop()
  })
})

async function connectedIn({ store }: TestCollector): Promise<number> {
  const rows = await store.reader.selectFrom('presences').select('endpoint_id').where('is_connected', '=', 1).execute()
  return rows.length
}
