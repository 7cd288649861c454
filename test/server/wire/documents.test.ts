import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { DocumentNumbers } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { listOf, testSigner } from '../../support/documents.ts'
import { type Credentials, dialRaw, enrolRaw, hello, type RawAgent } from '../../support/raw-agent.ts'

let collector: TestCollector
let who: Credentials
let count = 0

beforeAll(async () => {
  collector = await startTestCollector()
  who = await enrolRaw(await collector.token())
})
afterAll(() => collector[Symbol.asyncDispose]())

/** Signs a list nobody has seen yet, and says which number it got. */
async function move(): Promise<number> {
  const { documents } = collector.identity
  count += 1
  await documents.issue(addresses, () => listOf(`https://${count}.example.org`))
  return documents.numbers().addresses ?? 0
}

/** Connected, and welcomed; it hangs up when the test ends. */
async function connected(documents?: DocumentNumbers, capabilities?: string[], as = who) {
  const dialled = await dialRaw(as)
  if (dialled.kind === 'refused') throw new Error(dialled.body.message)
  const { agent } = dialled
  onTestFinished(() => agent.leave())
  agent.say({ ...hello('epoch-one', capabilities), ...(documents && { documents }) })
  return { agent, welcome: await agent.hears('welcome') }
}

const endOf = async (agent: RawAgent) => (await agent.closed).code

describe('an agent', () => {
  it('learns in its welcome what this collector has, and then gets what it lacks before anything else', async () => {
    const number = await move()
    const { agent, welcome } = await connected({ addresses: 0, revocations: 0 })
    expect(welcome.documents).toEqual({ addresses: number, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 })
    expect(await agent.hears('document')).toMatchObject({ name: 'addresses', number })
    expect(agent.kinds()).toEqual(['welcome', 'document'])
  })

  it('gets nothing that it has, didn’t name, or can’t take', async () => {
    const number = await move()
    const others = await Promise.all([1, 2, 3, 4].map(async (each) => enrolRaw(await collector.token(), `raw-${each}`)))
    const [has, named, silent, unable] = await Promise.all([
      connected({ addresses: number }, undefined, others[0]),
      connected({ revocations: 0 }, undefined, others[1]),
      connected(undefined, undefined, others[2]),
      connected({ addresses: 0 }, ['watch'], others[3]),
    ])
    const witness = await connected({ addresses: number })
    const next = await move()
    expect(await witness.agent.hears('document')).toMatchObject({ number: next })
    expect(await has.agent.hears('document')).toMatchObject({ number: next })
    for (const { agent } of [named, silent, unable]) expect(agent.kinds()).toEqual(['welcome'])
  })

  it('hears of a new one at once, and of many in a row once a second', async () => {
    const { agent } = await connected({ addresses: await move() })
    const next = await move()
    expect(await agent.hears('document')).toMatchObject({ number: next })
    const startedAt = performance.now()
    for (let times = 0; times < 20; times += 1) await move()
    const longestSeconds = 2 + (performance.now() - startedAt) / 1_000
    let heard = 0
    for (let number = next; number < next + 20; heard += 1) number = (await agent.hears('document')).number
    expect(heard).toBeLessThan(Math.min(20, longestSeconds))
  })

  it('that hands back what we signed makes us adopt it, and the others hear of it', async () => {
    const number = await move()
    const frame = { kind: 'document', name: 'addresses', number: number + 5 } as const
    const content = listOf('https://restored.example.org')
    const jws = await collector.identity.authority.signDocument({ v: 1, name: 'addresses', number: number + 5, issuedAt: 1, content })
    const other = await connected({ addresses: number }, undefined, await enrolRaw(await collector.token(), 'raw-other'))
    const { agent } = await connected({ addresses: number })
    agent.say({ ...frame, jws })
    expect(await other.agent.hears('document')).toMatchObject({ number: number + 5, jws })
    expect(collector.identity.documents.content(addresses)).toEqual(content)
    await collector.pipeline.idle()
    const tickets = await collector.store.db.selectFrom('tickets').select(['team', 'title', 'endpoint_id']).execute()
    expect(tickets).toEqual([{ team: 'admin', endpoint_id: null, title: expect.stringContaining('set back') }])
  })

  it('that hands back a forgery is cut off, and is a security ticket about its endpoint', async () => {
    const stranger = await testSigner()
    const { agent } = await connected({ addresses: 0 })
    agent.say(await stranger.frame('addresses', 1_000, listOf('https://away.example.net')))
    expect(await endOf(agent)).toBe(4400)
    const forged = collector.store.db.selectFrom('tickets').select(['kind', 'endpoint_id', 'team']).where('kind', 'like', 'security.%')
    await expect
      .poll(() => forged.execute())
      .toEqual([{ kind: 'security.agent.forged-document', endpoint_id: who.endpointId, team: 'security' }])
    expect(collector.identity.documents.content(addresses)?.collectors).not.toContain('https://away.example.net')
  })

  it.each<[string, DocumentNumbers | undefined, (say: (name: string) => void) => void]>([
    ['hands back twice', { addresses: 0 }, (say) => ['addresses', 'addresses'].forEach(say)],
    ['hands back what welcome didn’t name', { addresses: 0 }, (say) => say('policies')],
    ['hands back a name of our language', { addresses: 0 }, (say) => say('constructor')],
    ['hands back without having named any', undefined, (say) => say('addresses')],
  ])('that %s is cut off', async (_what, documents, act) => {
    const { agent } = await connected(documents)
    act((name) => agent.say({ kind: 'document', name, number: 1, jws: 'x' }))
    expect(await endOf(agent)).toBe(4400)
  })

  it('that sends one longer than any is cut off by the schema', async () => {
    const { agent } = await connected({ addresses: 0 })
    agent.say({ kind: 'document', name: 'addresses', number: 1_000_000, jws: 'A'.repeat(70_000) })
    expect(await endOf(agent)).toBe(4400)
  })
})
