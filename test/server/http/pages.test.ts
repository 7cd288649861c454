import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EndpointDetail } from '#shared/api/endpoints.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { addBulk } from './bulk-world.ts'
import { addPerson } from './persons.ts'
import { addStanding } from './standing-world.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* What was asked of machines, page by page: each once, also where many have one instant, and nothing beyond reach. */

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
  const now = console_.time.now()
  for (const at of [now, now, now + 1, now + 2]) {
    await addBulk(console_.store, at, alpha)
    await addStanding(console_.store, at, alpha)
    await askOf(alpha, at)
  }
})
afterAll(() => console_[Symbol.asyncDispose]())

/** It waits for operators. */
async function askOf({ organisation, endpoint }: Belongings, at: number): Promise<void> {
  const { db, capabilities } = console_.store
  const about = { organisationId: organisation, endpointId: endpoint, ticketId: null }
  const asked = { id: randomUUIDv7(), verb: 'ping', requestedBy: 'system', reason: 'r', ...about }
  await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, [asked], at))
  const waiting = { status: 'unsigned', payload: '{}', signatures: '[]' } as const
  await db.updateTable('commands').set(waiting).where('id', '=', asked.id).execute()
}

type Listed = 'bulks' | 'commands' | 'orders'
interface List {
  path: () => string
  listed: Listed
  place: 'before' | 'after'
}
const lists: List[] = [
  { path: () => '/api/bulk', listed: 'bulks', place: 'before' },
  { path: () => `/api/endpoints/${alpha.endpoint}/commands`, listed: 'commands', place: 'before' },
  { path: () => '/api/standing-orders', listed: 'orders', place: 'before' },
  { path: () => '/api/commands/unsigned', listed: 'commands', place: 'after' },
]

interface Page {
  status: number
  ids: string[]
  hasMore: boolean
}
async function page({ path, listed }: List, query: string, visitor = provider): Promise<Page> {
  const { status, body } = await visitor.ask('GET', `${path()}?${query}`)
  const rows = (body as Partial<Record<Listed, { id: string }[]>>)[listed] ?? []
  return { status, ids: rows.map(({ id }) => id), hasMore: body.hasMore === true }
}

describe.each(lists)('the list of $listed, $place one,', (list) => {
  it('comes page by page, each once', async () => {
    const all = await page(list, 'limit=500')
    expect(all.hasMore).toBe(false)
    expect(all.ids.length).toBeGreaterThanOrEqual(4)
    const pages: string[] = []
    for (let more = true; more; ) {
      const next = await page(list, `limit=1${pages.length > 0 ? `&${list.place}=${pages.at(-1)}` : ''}`)
      expect(next.ids).toHaveLength(1)
      pages.push(...next.ids)
      more = next.hasMore
    }
    expect(pages).toEqual(all.ids)
  })

  it('goes on from nothing that is another’s', async () => {
    const [first] = (await page(list, 'limit=500')).ids
    const customer = await signedIn(console_.url, 'beta-admin')
    const foreign = { ...list, path: () => list.path().replace(alpha.endpoint, beta.endpoint) }
    expect((await page(foreign, `${list.place}=${first}`, customer)).status).toBe(404)
  })
})

it('a machine’s page shows the newest of what was asked of it, and says that there is more', async () => {
  const shown = async () => EndpointDetail.parse((await provider.ask('GET', `/api/endpoints/${alpha.endpoint}`)).body)
  expect((await shown()).hasMoreCommands).toBe(false)
  for (let count = 0; count < 50; count += 1) await askOf(alpha, console_.time.now() + 10)
  const { commands, hasMoreCommands } = await shown()
  expect([commands.length, hasMoreCommands]).toEqual([50, true])
})

it('what waits for operators has 20 orders over many machines to a page, and forgets none', async () => {
  for (let count = 0; count < 25; count += 1) await addBulk(console_.store, console_.time.now() + count, beta)
  const unsigned = lists.at(-1) ?? expect.fail('no list')
  const seen: string[] = []
  for (let more = true; more; ) {
    const next = await page(unsigned, seen.length > 0 ? `after=${seen.at(-1)}` : '')
    seen.push(...next.ids)
    more = next.hasMore
  }
  const { db } = console_.store
  const ids = async (table: 'bulks' | 'commands') =>
    (await db.selectFrom(table).select('id').where('status', '=', 'unsigned').execute()).map(({ id }) => id)
  expect(seen.toSorted()).toEqual([...(await ids('bulks')), ...(await ids('commands'))].toSorted())
})
