import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { defaultLimits } from '../../server/presence/limits.ts'
import { startTestAgent, toldDetector } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { shiftedTime } from '../support/shifted-time.ts'

/*
 * Somebody sets a clock by an hour: the collector's, then the agent's, forward and back. Nobody is offline, nothing opens
 * a ticket by itself, and what happens then is news: it is not an hour old, so it pages and isolates as ever.
 */
const limitMs = seconds(2)
const within = { timeout: seconds(20), interval: 50 }
const collectorsTime = shiftedTime()
const agentsTime = shiftedTime()
const stack = new AsyncDisposableStack()
let collector: TestCollector
let person: ApiClient
let agent: Awaited<ReturnType<typeof startTestAgent>>
const told = toldDetector()

beforeAll(async () => {
  const limits = { ...defaultLimits, unannouncedMs: { workstation: limitMs, server: limitMs, core: limitMs } }
  collector = stack.use(await startTestCollector({ time: collectorsTime, presence: { limits, everyMs: 50, absenceMs: seconds(1) } }))
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
  const token = await collector.token({ role: 'workstation', ttlMs: minutes(5) })
  agent = await startTestAgent({ token, hostname: 'ws-1', detectors: [told.detector], time: agentsTime })
  stack.defer(() => agent.stop('stop'))
})
afterAll(() => stack.disposeAsync())

const isHere = async () => (await person.get<EndpointDetail>(`/api/endpoints/${agent.endpointId}`)).isConnected
/** Of every ticket there is; that this agent may not isolate is one, too. */
const kinds = async () => new Set((await person.get<TicketList>('/api/tickets')).tickets.map(({ kind }) => kind))
const presenceSignals = () =>
  collector.store.db.selectFrom('signals').select(['kind', 'state']).where('kind', 'like', 'presence.%').execute()

let decoys = 0

/** A decoy goes bad now. What becomes of it, by the words on its ticket. */
async function attack(): Promise<{ title: string; containment: string; happenedAt: number | null }> {
  const summary = `The decoy ${++decoys} was made unreadable`
  await told.say({
    ...{ kind: 'security.ransomware.canary', severity: 'critical', about: `decoy-${decoys}`, summary },
    facts: { change: 'unreadable' },
  })
  const ticket = async () => (await person.get<TicketList>('/api/tickets')).tickets.find(({ title }) => title.startsWith(summary))
  await expect.poll(ticket, within).toBeDefined()
  const { id = '', title = '', happenedAt = null } = (await ticket()) ?? {}
  const { containment } = await person.get<TicketDetail>(`/api/tickets/${id}`)
  return { title, containment, happenedAt }
}

it.each([
  ['the collector’s, forward', collectorsTime, hours(1)],
  ['the collector’s, back', collectorsTime, -hours(1)],
  ['the agent’s, back', agentsTime, -hours(1)],
  ['the agent’s, forward', agentsTime, hours(1)],
])('a clock jumps by an hour: %s', { timeout: seconds(60) }, async (_whose, clock, ms) => {
  await expect.poll(isHere, within).toBe(true)
  const before = await kinds()
  clock.shift(ms)
  await sleep(limitMs + seconds(1))
  await expect.poll(isHere, within).toBe(true)
  expect(await presenceSignals()).toEqual([])
  expect(await kinds()).toEqual(before)

  const ticket = await attack()
  await expect.poll(kinds, within).toContain('security.isolation.failed')
  expect(ticket).toMatchObject({ title: `The decoy ${decoys} was made unreadable`, happenedAt: null, containment: 'auto' })
  await expect.poll(isHere, within).toBe(true)
  expect(await presenceSignals()).toEqual([])
})
