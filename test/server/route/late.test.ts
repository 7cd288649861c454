import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Signal } from '#shared/domain/signal.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { createIngest, type Ingest } from '../../../server/ingest/ingest.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/*
 * A machine comes back with old news: what it sends goes through ingest and the desk on a real store. Its clock is right.
 */
let room: DeskRoom
let ingest: Ingest
let seq: number

beforeEach(async () => {
  room = await openDeskRoom({ plan: 'round-the-clock' })
  const keepers = { keepSamples: nothing, keepInventory: nothing, keepResults: nothing }
  ingest = createIngest({ store: room.store, time: room.time, keepers, onCommitted: () => undefined })
  seq = 0
})
afterEach(() => room.close())
const nothing = async () => undefined

const from = { endpointId: 'core', organisationId: 'acme', siteId: 'site-1', clockBehindMs: 0 }
const signal = (state: Signal['state'], ageMs: number, differs: Partial<Signal> = {}): Signal => ({
  ...{ id: `signal-of-test-${++seq}`, kind: 'health.service.down', severity: 'high', state, fingerprint: 'slapd', about: 'slapd' },
  ...{ summary: 'slapd has failed', facts: {}, evidence: [], sensedAt: room.time.now() - ageMs, detector: 'test' },
  ...differs,
})
/** In one frame, committed; the desk has not looked yet. */
async function sends(...signals: Signal[]): Promise<void> {
  const lane = signals[0]?.kind.startsWith('security.') ? ('security' as const) : ('signals' as const)
  const first = (await ingest.cursors('core', 'epoch-one'))[lane] ?? 0
  const records = signals.map((each, index) => ({ seq: first + 1 + index, body: { v: 1, type: 'signal', signal: each } }))
  expect(await ingest.takeRecords(from, { epoch: 'epoch-one', lane, records })).toMatchObject({
    kind: 'taken',
    refused: [],
  })
}
const decided = () => room.pipeline.idle()
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const outcomes = async () =>
  (await room.store.db.selectFrom('signals').select('outcome').orderBy('arrival').execute()).map(({ outcome }) => outcome)

describe('what was raised more than a day ago', () => {
  it('and cleared in the same frame is recorded', async () => {
    await sends(signal('raised', days(19)), signal('cleared', days(18)))
    await decided()
    expect(await outcomes()).toEqual(['record', 'record'])
    expect(await tickets()).toEqual([])
  })

  it('and cleared in a frame that came before the desk looked is recorded, however much lies between', async () => {
    await sends(signal('raised', days(19)))
    for (let frame = 0; frame < 6; frame += 1)
      await sends(...Array.from({ length: 50 }, () => signal('happened', days(18), { kind: 'some.note', severity: 'info' })))
    await sends(signal('cleared', days(17)))
    await decided()
    expect(await tickets()).toEqual([])
  })

  it('and is true again opens one ticket, which says since when', async () => {
    await sends(signal('raised', days(19)), signal('cleared', days(18)), signal('raised', days(2)))
    await decided()
    const [ticket, ...others] = await tickets()
    expect(others).toEqual([])
    expect(ticket).toMatchObject({ is_standing: 1, opened_at: room.time.now(), happened_at: room.time.now() - days(19) })
  })

  it('and clears only after the desk has looked opens a ticket that ends by itself', async () => {
    await sends(signal('raised', days(19)))
    await decided()
    await sends(signal('cleared', days(18)))
    await decided()
    await room.time.advance(minutes(10))
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'cleared' }])
  })
})

describe('clocks', () => {
  it('start when the news arrives', async () => {
    await sends(signal('raised', hours(2)))
    await decided()
    const [ticket] = await tickets()
    expect(ticket).toMatchObject({ priority: 'P1', respond_by: room.time.now() + minutes(15), resolve_by: room.time.now() + hours(4) })
  })
})

describe('who hears of it', () => {
  let server: Server
  let heard: { type: string; data: { isPaging: boolean; ticket: { title: string; happenedAt: number | null } } }[]

  beforeEach(async () => {
    heard = []
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        heard.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof heard)[number])
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await room.receivers.create({ name: 'pager', notifier: 'webhook', url, organisationId: null })
  })
  afterEach(() => new Promise((done) => server.close(done)))
  const news = async () => {
    await decided()
    await room.outbox.idle()
    return heard.map(({ type, data }) => [type.replace('org.tierline.', ''), data.isPaging, data.ticket.title])
  }

  it('nobody is paged by what is more than an hour old, and everybody reads how old', async () => {
    await sends(signal('raised', hours(1) + 1))
    expect(await news()).toEqual([['ticket.opened', false, 'slapd has failed (happened 60 minutes ago)']])
  })

  it('whoever is on call is paged by what is an hour old', async () => {
    await sends(signal('raised', hours(1)))
    expect(await news()).toEqual([['ticket.opened', true, 'slapd has failed']])
  })

  it('whoever is on call is paged by security that is critical, however old', async () => {
    await sends(signal('happened', days(19), { kind: 'security.command.forged', severity: 'critical', summary: 'A forged command' }))
    expect(await news()).toContainEqual(['ticket.opened', true, 'A forged command (happened 19 days ago)'])
  })

  it('whoever is on call is paged when it goes on now, and the headline is the news', async () => {
    await sends(signal('raised', days(19)))
    await decided()
    await sends(signal('raised', 0, { summary: 'slapd has failed again' }))
    expect(await news()).toEqual([
      ['ticket.opened', false, 'slapd has failed (happened 19 days ago)'],
      ['ticket.raised', true, 'slapd has failed again'],
    ])
    expect(await tickets()).toMatchObject([{ occurrences: 2, happened_at: null }])
  })

  it('nobody stops being paged by old news that joins what goes on', async () => {
    await sends(signal('raised', 0))
    await decided()
    await sends(signal('raised', days(2), { severity: 'critical', summary: 'It was worse once' }))
    await decided()
    expect(await tickets()).toMatchObject([{ occurrences: 2, happened_at: null, title: 'slapd has failed' }])
  })
})

it('a line of the digest says how old it is', async () => {
  await sends(signal('happened', days(3), { kind: 'some.note', severity: 'low', summary: 'The backup took longer' }))
  await decided()
  const lines = await room.store.db.selectFrom('digest_lines').select('summary').execute()
  expect(lines).toEqual([{ summary: 'The backup took longer (happened 3 days before)' }])
})
