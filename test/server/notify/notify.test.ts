import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

interface Post {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

let room: DeskRoom
let server: Server
let posts: Post[]
let status: number | 'silent'
let url: string

beforeEach(async () => {
  room = await openDeskRoom()
  posts = []
  status = 204
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      if (status === 'silent' && request.url !== '/well') return
      response.writeHead(status === 'silent' ? 204 : status, { location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await room.close()
})

const receiver = (path = '', organisationId: string | null = null) =>
  room.receivers.create({ name: 'pager', notifier: 'webhook', url: `${url}${path}`, organisationId })
const outbox = () => room.store.db.selectFrom('outbox').selectAll().orderBy('created_at').orderBy('id').execute()

describe('the webhook', () => {
  it('posts a CloudEvents 1.0 event, signed', async () => {
    const { secret } = await receiver()
    await room.signals({ endpointId: 'srv', summary: '/ is full' })
    await room.outbox.idle()
    const [post] = posts
    const event = JSON.parse(post?.body ?? '{}') as Record<string, unknown>
    const [row] = await outbox()
    expect(post?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
    expect(event).toMatchObject({
      specversion: '1.0',
      id: row?.id,
      type: 'org.tierline.ticket.opened',
      source: '/tierline',
      subject: row?.ticket_id,
    })
    expect(event).toMatchObject({
      data: {
        ticket: { title: '/ is full', priority: 'P3', tier: 'tier1' },
        organisation: { name: 'acme' },
        endpoint: { hostname: 'srv-host' },
      },
    })
    const [, at, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(post?.headers['tierline-signature'])) ?? []
    expect(signature).toBe(
      createHmac('sha256', secret ?? '')
        .update(`${at}.${post?.body}`)
        .digest('hex'),
    )
    expect(row).toMatchObject({ attempts: 1, delivered_at: room.time.now(), last_error: null })
  })

  it('follows no redirect, and does not ask again', async () => {
    status = 302
    await receiver()
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(posts.map(({ path }) => path)).toEqual(['/'])
    expect(await outbox()).toMatchObject([{ attempts: 1, failed_at: room.time.now(), last_error: expect.stringContaining('redirects') }])
    const lines = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'notified').execute()
    expect(lines.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ receiver: 'pager', isDelivered: false }])
  })

  it('tries again later and later when that may help, with the same id, and gives up one day', async () => {
    status = 503
    await receiver()
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(await outbox()).toMatchObject([{ attempts: 1, next_attempt_at: room.time.now() + seconds(5), delivered_at: null }])
    room.time.jump(seconds(5))
    await room.outbox.idle()
    expect(await outbox()).toMatchObject([{ attempts: 2, next_attempt_at: room.time.now() + seconds(10) }])
    for (let round = 0; round < 20; round += 1) {
      room.time.jump(minutes(61))
      await room.outbox.idle()
    }
    expect(await outbox()).toMatchObject([{ attempts: 14, failed_at: expect.any(Number), last_error: 'it answered 503' }])
    expect(new Set(posts.map(({ body }) => (JSON.parse(body) as { id: string }).id)).size).toBe(1)
  })

  it('delivers once the receiver is back', async () => {
    status = 500
    await receiver()
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    status = 200
    room.time.jump(seconds(5))
    await room.outbox.idle()
    expect(await outbox()).toMatchObject([{ attempts: 2, delivered_at: room.time.now() }])
  })
})

describe('a dead receiver', () => {
  it('holds nobody else up, and is given ten seconds', async () => {
    status = 'silent'
    await receiver('dead')
    await receiver('well')
    await room.signals({ endpointId: 'srv' }, { endpointId: 'ws' })
    room.outbox.nudge()
    await expect.poll(() => posts.filter(({ path }) => path === '/well').length).toBe(2)
    expect((await outbox()).filter(({ delivered_at }) => delivered_at !== null)).toHaveLength(2)
    await room.time.advance(seconds(10))
    await expect.poll(async () => (await outbox()).filter(({ last_error }) => last_error === 'no answer within 10 s').length).toBe(1)
  })

  it('that nobody listens behind is tried again', async () => {
    await room.receivers.create({ name: 'gone', notifier: 'webhook', url: 'http://127.0.0.1:9/', organisationId: null })
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(await outbox()).toMatchObject([{ attempts: 1, delivered_at: null, failed_at: null }])
  })
})

it('a notice that can’t be said waits, and what stands behind it is said', async () => {
  status = 500
  await receiver()
  await room.signals({ endpointId: 'srv' })
  await room.outbox.idle()
  await room.store.db.updateTable('outbox').set({ body: '{"torn' }).execute()
  status = 204
  room.time.jump(seconds(5))
  await room.signals({ endpointId: 'ws' })
  await room.outbox.idle()
  expect(await outbox()).toMatchObject([
    { attempts: 2, delivered_at: null, failed_at: null },
    { attempts: 1, delivered_at: room.time.now() },
  ])
})

describe('who hears of what', () => {
  it('its own organisation’s receivers and the provider’s, nobody else', async () => {
    await receiver('provider')
    await receiver('acme', 'acme')
    await receiver('other', 'other')
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(posts.map(({ path }) => path).sort()).toEqual(['/acme', '/provider'])
  })

  it('a receiver that was removed hears nothing any more', async () => {
    const { id } = await receiver()
    status = 500
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(await room.receivers.disable(id)).toBe(true)
    expect(await room.receivers.disable(id)).toBe(false)
    await room.signals({ endpointId: 'ws' })
    room.time.jump(minutes(10))
    await room.outbox.idle()
    expect(posts).toHaveLength(1)
    expect(await room.receivers.list(null)).toEqual([])
  })

  it('of a ticket’s whole life', async () => {
    await receiver()
    await room.signals({ kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'edited' } })
    const ticket = await room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
    await room.desk.resolve({
      ticketId: ticket.id,
      version: ticket.version,
      person: { id: 'p', name: 'P' },
      resolution: 'false-alarm',
      note: '',
    })
    expect((await outbox()).map(({ event }) => event).sort()).toEqual(['ticket.containment-asked', 'ticket.opened', 'ticket.resolved'])
  })
})
