import { afterAll, expect, it, onTestFinished } from 'vitest'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import type { Restored } from '#shared/api/restored.ts'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { days, minutes } from '#shared/domain/time.ts'
import { certificateRequest, makeKey } from '../../agent/identity/certificate-request.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { startPostgres } from '../support/postgres.ts'
import { type Credentials, connectRaw, dialRaw, enrolRaw, exchange, hello, type RawAgent } from '../support/raw-agent.ts'
import { shiftedTime } from '../support/shifted-time.ts'
import { folder, onSqlite, portsOf, safe } from './backup-and-restore/safe.ts'

/*
 * What a restored collector leaves to people, and what it does not do by itself: send, isolate, page, let in.
 */

const postgres = await startPostgres()
const postgresUrl = postgres.kind === 'running' ? postgres.url : undefined
if (postgres.kind === 'unavailable') console.log(`The keys of a collector on PostgreSQL are not restored here: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})

const isolated: IsolationStatus = { actual: 'isolated', readiness: { isReady: true }, since: 1, proof: { collectorAnswered: true } }
const open: IsolationStatus = { actual: 'open', readiness: { isReady: true }, since: 1 }

const admin = ({ consoleUrl }: TestCollector, { firstSignIn: { login, password } }: TestCollector): Promise<ApiClient> =>
  signIn(consoleUrl, login, password)

it('lets the agents’ word win, and sends what was on its way only when a person says so', { timeout: 180_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const [held, cutOff, released] = await Promise.all([1, 2, 3].map(async (each) => enrolRaw(await collector.token(), `raw-${each}`)))
  if (!held || !cutOff || !released) throw new Error('three agents')
  const before = await admin(collector, collector)
  await before.post(`/api/endpoints/${held.endpointId}/isolate`, { reason: 'to see what becomes of it' })
  const ticketId = await askedTicket(collector, before, held.endpointId)
  await collector.store.db.updateTable('commands').set({ ticket_id: ticketId }).execute()
  const wanted = {
    desired: 'isolated',
    desired_at: 1,
    desired_by: 'system',
    actual: 'isolated',
    actual_at: 1,
    is_ready: 1,
    detail: '',
  } as const
  await collector.store.db
    .insertInto('isolations')
    .values({ endpoint_id: released.endpointId, ...wanted, proof: '{}' })
    .execute()
  await backup(collector.dataDir)
  await collector.stop()

  const { dataDir, said } = await restore()
  expect(said).toMatch(/Wait for a person +commands 1, questions 1/)
  const back = await startTestCollector({ dataDir, ...portsOf(collector), ...onSqlite })
  onTestFinished(() => back.stop())
  await expect(before.get('/api/tickets')).rejects.toThrow(/401/)
  const person = await admin(back, collector)

  const agent = await saysFirst(held, open)
  for (const each of [await saysFirst(cutOff, isolated), await saysFirst(released, open)]) await each.leave()
  await back.pipeline.idle()
  const isolationOf = async ({ endpointId }: Credentials) => (await person.get<EndpointDetail>(`/api/endpoints/${endpointId}`)).isolation
  await expect
    .poll(() => Promise.all([held, cutOff, released].map(async (who) => (await isolationOf(who)).desired)), { timeout: 10_000 })
    .toEqual(['open', 'isolated', 'open'])
  const { tickets } = await person.get<TicketList>('/api/tickets')
  const differing = tickets.filter(({ kind }) => kind === 'security.isolation.differs').map(({ endpoint }) => endpoint?.hostname)
  expect(differing.sort()).toEqual(['raw-1', 'raw-2', 'raw-3'])

  const ticket = await person.get<TicketDetail>(`/api/tickets/${ticketId}`)
  expect(ticket.timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['command-held', 'containment-asked', 'agents-word']))
  expect([ticket.heldCommands.map(({ verb }) => verb), agent.kinds()]).toEqual([['isolate-host'], ['welcome']])
  await person.post(`/api/commands/${ticket.heldCommands[0]?.id}/send`, undefined)
  expect((await agent.hears('command')).jws).toMatch(/^ey/)
  expect((await isolationOf(held)).desired).toBe('isolated')
  await agent.leave()
})

/** Connected, and never before since the restore. */
async function saysFirst(who: Credentials, isolation: IsolationStatus): Promise<RawAgent> {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  dialled.agent.say({ ...hello('epoch-one', ['isolate-host', 'release-host']), isolation })
  await dialled.agent.hears('welcome')
  return dialled.agent
}

it('plans anew what was missed, and fires none of it at once', { timeout: 120_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const before = await admin(collector, collector)
  for (let count = 0; count < 20; count += 1) {
    await before.post('/api/tickets', { organisationId: collector.organisationId, title: `ticket ${count}`, urgency: 'high' })
  }
  await backup(collector.dataDir)
  await collector.stop()

  const { dataDir } = await restore()
  const time = shiftedTime()
  time.shift(days(2))
  const back = await startTestCollector({ dataDir, time, ...onSqlite })
  onTestFinished(() => back.stop())
  await back.pipeline.idle()
  const { db } = back.store
  const open = db.selectFrom('timers').select('due_at').where('fired_at', 'is', null).where('cancelled_at', 'is', null)
  const due = (await open.execute()).map(({ due_at }) => due_at)
  expect([due.length >= 40, due.filter((at) => at <= time.now())]).toEqual([true, []])
  expect(new Set(due).size).toBeGreaterThan(20)
  expect(await db.selectFrom('timers').select('id').where('fired_at', 'is not', null).execute()).toEqual([])
  const person = await admin(back, collector)
  const { tickets } = await person.get<TicketList>('/api/tickets')
  expect(tickets.filter(({ kind }) => kind === 'system.collector.restored')).toHaveLength(1)
})

it('knows a renewed certificate again, and a new machine once a person has placed it', { timeout: 120_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const old = await enrolRaw(await collector.token(), 'pc-old')
  await backup(collector.dataDir)
  const fresh = await enrolRaw(await collector.token(), 'pc-new')
  const key = makeKey()
  const renewal = { method: 'POST', body: { csr: await certificateRequest(key, 'pc-old') }, tls: { key: old.key, cert: old.certificate } }
  const renewed = { ...old, key, certificate: String((await exchange(`${old.url}/renew`, renewal)).body.certificate) }
  await collector.stop()

  const { dataDir } = await restore()
  const back = await startTestCollector({ dataDir, ...portsOf(collector), ...onSqlite })
  onTestFinished(() => back.stop())
  await (await connectRaw(renewed)).leave()
  expect(await dialRaw(fresh)).toMatchObject({ kind: 'refused', status: 403, body: { code: 'endpoint-forgotten' } })
  await back.pipeline.idle()
  const person = await admin(back, collector)
  const { tickets } = await person.get<TicketList>('/api/tickets')
  expect(tickets.map(({ kind }) => kind).sort()).toEqual(['system.collector.restored', 'system.endpoint.forgotten'])
  const { endpoints, endpointsAwaited } = await person.get<Restored>('/api/restored')
  expect([endpoints.map(({ id }) => id), endpointsAwaited]).toEqual([[fresh.endpointId], 0])
  await person.post(`/api/restored/endpoints/${fresh.endpointId}/adopt`, { organisationId: back.organisationId })
  await (await connectRaw(fresh)).leave()
})

it.skipIf(postgresUrl === undefined)('does the same for a database that was restored by its own means', { timeout: 120_000 }, async () => {
  const { backup, restore } = safe()
  const settings = { database: postgresUrl ?? '' }
  const collector = await startTestCollector({ dataDir: folder(), ...settings })
  const { endpointId } = await enrolRaw(await collector.token())
  const before = await admin(collector, collector)
  await before.post(`/api/endpoints/${endpointId}/isolate`, { reason: 'to see what becomes of it' })
  await collector.stop()
  await backup(collector.dataDir, '--keys-only')

  const { dataDir, said } = await restore('--database', settings.database)
  expect(said).toMatch(/Wait for a person +commands 1/)
  const back = await startTestCollector({ dataDir, ...settings })
  onTestFinished(() => back.stop())
  expect([back.identity.caFingerprint, back.identity.authority.kid]).toEqual([
    collector.identity.caFingerprint,
    collector.identity.authority.kid,
  ])
  expect(await back.store.db.selectFrom('commands').select('status').execute()).toEqual([{ status: 'held' }])
  await expect(before.get('/api/tickets')).rejects.toThrow()
})

/** A ticket about this machine whose question would answer itself with an isolation in ten minutes. */
async function askedTicket({ store: { db }, organisationId }: TestCollector, person: ApiClient, endpointId: string): Promise<string> {
  const { id } = await person.post<{ id: string }>('/api/tickets', { organisationId, title: 'odd', urgency: 'high' })
  await db.updateTable('tickets').set({ endpoint_id: endpointId, containment: 'asked' }).where('id', '=', id).execute()
  const timer = { id: `ask-${id}`, ticket_id: id, kind: 'ask-due' as const, payload: '{}', fired_at: null, cancelled_at: null }
  await db
    .insertInto('timers')
    .values({ ...timer, created_at: Date.now(), due_at: Date.now() + minutes(10) })
    .execute()
  return id
}
