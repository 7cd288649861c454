import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { FakeTime } from '../support/fake-time.ts'

/*
 * A ticket that nobody solves in tier1 moves to tier2 by itself, on a real collector with real sockets. Only its clock is
 * moved: first past the box while it runs, then past the box of a second ticket while the collector is down.
 */

interface Ticket {
  id: string
  version: number
  tier: string
  team: string
  status: string
  timeline: { kind: string; text: string }[]
}

const time = new FakeTime('2026-11-23T09:00:00+01:00')
/** The first holds the folder that all of them use. */
let first: TestCollector
let collector: TestCollector
let browser: ApiClient
let organisationId: string
const heard: { type: string; data: { entry: { body: unknown } } }[] = []
const receiver = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
  request.on('end', () => {
    heard.push(JSON.parse(body) as (typeof heard)[number])
    response.writeHead(204).end()
  })
})

beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  first = await startTestCollector({ time })
  collector = first
  const { login, password } = collector.firstSignIn
  browser = await signIn(collector.consoleUrl, login, password)
  organisationId = collector.organisationId
  await collector.store.db.updateTable('organisations').set({ time_zone: 'Europe/Berlin' }).execute()
  // The first admin is in every team; somebody in tier2 alone makes it another crew.
  await browser.post('/api/people', { name: 'Bob', login: 'bob', password: 'long enough for that', teams: ['tier2'] })
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  await browser.post('/api/receivers', { name: 'pager', notifier: 'webhook', url })
})
afterAll(async () => {
  await collector.stop()
  await first[Symbol.asyncDispose]()
  await new Promise((done) => receiver.close(done))
})

const read = (id: string) => browser.get<Ticket>(`/api/tickets/${id}`)

async function taken(title: string): Promise<string> {
  const { id, version } = await browser.post<Ticket>('/api/tickets', { organisationId, title, urgency: 'high' })
  await browser.post(`/api/tickets/${id}/acknowledge`, { version })
  expect(await read(id)).toMatchObject({ tier: 'tier1', status: 'acknowledged' })
  return id
}

describe('fifteen minutes of work in tier1', () => {
  it('move a ticket to tier2 while the collector runs, and the world hears why', async () => {
    const id = await taken('Excel hangs')
    await time.advance(minutes(15) - 1)
    expect(await read(id)).toMatchObject({ tier: 'tier1' })
    await time.advance(1)
    await expect.poll(() => read(id)).toMatchObject({ tier: 'tier2', team: 'tier2', status: 'new' })
    expect((await read(id)).timeline.find(({ kind }) => kind === 'escalated')).toMatchObject({
      kind: 'escalated',
      text: 'Moved from tier1 to tier2: its time there was over.',
    })
    await expect
      .poll(() => heard.filter(({ type }) => type === 'org.tierline.ticket.escalated'))
      .toMatchObject([{ data: { entry: { body: { reason: 'time-box' } } } }])
  })

  it('move it also when they ended while the collector was down: once, as soon as it is back', async () => {
    const id = await taken('Word hangs')
    await collector.stop()
    time.jump(minutes(40))
    collector = await collector.restart()
    await expect.poll(() => read(id)).toMatchObject({ tier: 'tier2' })
    await time.advance(minutes(5))
    expect((await read(id)).timeline.filter(({ kind }) => kind === 'escalated')).toHaveLength(1)
  })
})
