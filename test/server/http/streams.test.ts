import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LiveEvent } from '#shared/api/live.ts'
import { seconds } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'provider' })
})
afterAll(() => console_[Symbol.asyncDispose]())

interface Stream {
  status: number
  heard: string
  isOver: boolean
  close(): void
}

async function listen({ cookie = '' }: Visitor, path = '/api/live'): Promise<Stream> {
  const stop = new AbortController()
  const response = await fetch(console_.url + path, { headers: { cookie }, signal: stop.signal })
  const stream: Stream = { status: response.status, heard: '', isOver: false, close: () => stop.abort() }
  const read = async () => {
    for await (const chunk of response.body ?? []) stream.heard += Buffer.from(chunk).toString()
  }
  read()
    .catch((error: unknown) => expect(stop.signal.aborted, String(error)).toBe(true))
    .finally(() => {
      stream.isOver = true
    })
  return stream
}

const hint = (own: Belongings): LiveEvent => ({
  topic: 'ticket',
  id: own.ticket,
  organisationId: own.organisation,
  endpointId: own.endpoint,
  at: console_.time.now(),
})
const watches = () => console_.asked.filter(([what]) => what === 'wire.watch').map(([, id, isWatched]) => [id, isWatched])

describe('the live stream', () => {
  it('brings hints within the scope of its reader, and no others', async () => {
    const [mine, all] = await Promise.all([
      listen(await signedIn(console_.url, 'beta-admin')),
      listen(await signedIn(console_.url, 'provider')),
    ])
    console_.bus.publish(hint(alpha))
    console_.bus.publish(hint(beta))
    await vi.waitFor(() => expect(mine.heard).toContain(`data: ${JSON.stringify(hint(beta))}\n\n`))
    await vi.waitFor(() => expect(all.heard).toContain(beta.ticket))
    expect(mine.heard).not.toContain(alpha.organisation)
    expect(all.heard).toContain(alpha.organisation)
    mine.close()
    all.close()
  })

  it('beats, and ends when the session has', async () => {
    const visitor = await signedIn(console_.url, 'provider')
    const stream = await listen(visitor)
    await console_.time.advance(seconds(15))
    await vi.waitFor(() => expect(stream.heard).toContain(': beat'))
    await console_.people.signOut((visitor.cookie ?? '').replace('tierline=', ''))
    await console_.time.advance(seconds(15))
    await vi.waitFor(() => expect(stream.isOver).toBe(true))
  })

  it('has an endpoint watched while at least one looks', async () => {
    console_.asked.length = 0
    const visitor = await signedIn(console_.url, 'provider')
    const path = `/api/live?watch=${alpha.endpoint}`
    const [first, second] = [await listen(visitor, path), await listen(visitor, path)]
    await vi.waitFor(() => expect(watches()).toEqual([[alpha.endpoint, true]]))
    first.close()
    await vi.waitFor(() => expect(first.isOver).toBe(true))
    second.close()
    await vi.waitFor(() => expect(watches().at(-1)).toEqual([alpha.endpoint, false]))
    expect(watches()).toHaveLength(2)
  })

  it('watches nothing across the border', async () => {
    console_.asked.length = 0
    const stream = await listen(await signedIn(console_.url, 'beta-admin'), `/api/live?watch=${alpha.endpoint}`)
    expect(stream.status).toBe(404)
    expect(watches()).toEqual([])
  })

  it('is open fifty times for one person, and no more', async () => {
    const visitor = await signedIn(console_.url, 'alpha-admin')
    const path = `/api/live?watch=${alpha.endpoint}`
    const streams = await Promise.all(Array.from({ length: 51 }, () => listen(visitor, path)))
    expect(
      streams
        .map(({ status }) => status)
        .toSorted()
        .at(-1),
    ).toBe(429)
    expect(streams.filter(({ status }) => status === 200)).toHaveLength(50)
    console_.asked.length = 0
    for (const stream of streams) stream.close()
    await vi.waitFor(() => expect(watches()).toEqual([[alpha.endpoint, false]]))
  })

  it('ends when the collector stops, which waits for nobody who only looks', async () => {
    const stopping = await startConsole()
    await addPerson(stopping, { login: 'ada' })
    const { cookie } = await signedIn(stopping.url, 'ada')
    const response = await fetch(`${stopping.url}/api/live`, { headers: { cookie: cookie ?? '' } })
    const [text] = await Promise.all([response.text(), stopping[Symbol.asyncDispose]()])
    expect(text).toBe('retry: 2000\n\n')
  })
})
