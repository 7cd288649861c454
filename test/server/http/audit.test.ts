import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AuditList } from '#shared/api/administration.ts'
import { hours } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
let provider: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'ada', name: 'Ada' })
  provider = await signedIn(console_.url, 'ada')
  for (const { ticket } of [alpha, beta]) await provider.ask('POST', `/api/tickets/${ticket}/comments`, { version: 1, text: 'hello' })
  await provider.ask('POST', `/api/endpoints/${beta.endpoint}/isolate`, { reason: 'it burns' })
})
afterAll(() => console_[Symbol.asyncDispose]())

const read = async (visitor: Visitor, query = '') => AuditList.parse((await visitor.ask('GET', `/api/audit${query}`)).body)

describe('the audit', () => {
  it('is read with names, by whom and about what, the newest first', async () => {
    const { lines, hasMore } = await read(provider)
    expect(hasMore).toBe(false)
    expect(lines.map(({ action }) => action).toSorted()).toEqual([
      'endpoint.isolate',
      'order.held',
      'order.held',
      'order.requested',
      'person.sign-in',
      'ticket.comments',
      'ticket.comments',
    ])
    expect(lines.find(({ action }) => action === 'endpoint.isolate')).toMatchObject({
      actor: 'Ada',
      target: { thing: 'endpoint', id: beta.endpoint, name: 'beta-host' },
      organisationId: beta.organisation,
      detail: { reason: 'it burns' },
    })
    expect(lines.map(({ target }) => target.name)).toContain('#1 alpha disk is full')
  })

  it('comes page by page, each line once, also when many have one instant', async () => {
    const all = (await read(provider)).lines.map(({ id }) => id)
    const pages: string[] = []
    for (let more = true; more; ) {
      const { lines, hasMore } = await read(provider, `?limit=1${pages.length > 0 ? `&before=${pages.at(-1)}` : ''}`)
      pages.push(...lines.map(({ id }) => id))
      more = hasMore
    }
    expect(pages).toEqual(all)
  })

  it('shows to an organisation what concerns it, and nothing else', async () => {
    const customer = await signedIn(console_.url, 'beta-admin')
    const { lines } = await read(customer)
    expect(lines.map(({ action }) => action).toSorted()).toEqual([
      ...['endpoint.isolate', 'order.held', 'order.requested', 'person.sign-in', 'ticket.comments'],
    ])
    expect(new Set(lines.map(({ organisationId }) => organisationId))).toEqual(new Set([beta.organisation]))
    const foreign = (await read(provider)).lines.find(({ organisationId }) => organisationId === alpha.organisation)
    expect((await customer.ask('GET', `/api/audit?before=${foreign?.id}`)).status).toBe(404)
  })

  it('says who looked at evidence, once an hour', async () => {
    const tier = await signedIn(console_.url, 'beta-admin')
    for (let times = 0; times < 3; times += 1) await tier.ask('GET', `/api/tickets/${beta.ticket}`)
    const looks = () => read(tier).then(({ lines }) => lines.filter(({ action }) => action === 'ticket.view-evidence'))
    expect((await looks()).map(({ target }) => target.id)).toEqual([beta.ticket])
    await console_.time.advance(hours(1))
    await tier.ask('GET', `/api/tickets/${beta.ticket}`)
    expect(await looks()).toHaveLength(2)
  })

  it('says who read what commands answered, by whichever door, once an hour', async () => {
    const looks = () => read(provider, '?limit=200').then(({ lines }) => lines.filter(({ action }) => action.endsWith('.view-results')))
    const answered = async (path: string): Promise<void> => {
      const { status, text } = await provider.ask('GET', path)
      expect(status, text).toBe(200)
    }
    for (let times = 0; times < 2; times += 1) {
      await answered(`/api/endpoints/${alpha.endpoint}`)
      await answered(`/api/endpoints/${alpha.endpoint}/commands`)
      await answered('/api/standing-orders')
      await answered(`/api/bulk/${alpha.bulk}`)
    }
    expect((await looks()).map(({ action, target }) => `${action} ${target.id}`).toSorted()).toEqual([
      `bulk.view-results ${alpha.bulk}`,
      `endpoint.view-results ${alpha.endpoint}`,
      expect.stringMatching(/^standing.view-results /),
    ])
  })

  it('leaves out nothing that shows evidence, or what a command answered', () => {
    const isShown = ({ answer }: (typeof console_.http.routes)[number]): boolean =>
      /"(?:evidence|facts|output|detail|live)":/.test(JSON.stringify(z.toJSONSchema(answer, { unrepresentable: 'any', io: 'input' })))
    const silent = console_.http.routes.filter((route) => route.method === 'GET' && !route.action && isShown(route))
    // Each says how far an isolation has come; the audit itself says what was done.
    expect(silent.map(({ path }) => path).toSorted()).toEqual(['/api/audit', '/api/endpoints'])
  })
})
