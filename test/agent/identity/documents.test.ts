import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { maxDocumentChars } from '#shared/protocol/document.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { type Documents, openDocuments } from '../../../agent/identity/documents.ts'
import { altered, listOf, type TestSigner, testSigner } from '../../support/documents.ts'

const home = 'https://rmm.example.org:7843'
const away = 'https://away.example.net:7843'

interface Kept {
  documents: Documents
  folder: string
  /** Names, in the order in which newer ones were kept. */
  news: string[]
  again(authorities?: TestSigner['authority'][]): Promise<Kept>
}

async function openKept(
  authorities: TestSigner['authority'][],
  dataDir = mkdtempSync(join(tmpdir(), 'tierline-documents-')),
): Promise<Kept> {
  mkdirSync(join(dataDir, 'identity'), { recursive: true })
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const news: string[] = []
  const log = pino({ level: 'silent' })
  const documents = await openDocuments({ dataDir, authorities, log, onKept: (name) => void news.push(name) })
  const folder = join(dataDir, 'identity', 'documents')
  return { documents, folder, news, again: (others = authorities) => openKept(others, dataDir) }
}

async function signed(verbs?: string[]): Promise<Kept & { signer: TestSigner }> {
  const signer = await testSigner(verbs)
  return { signer, ...(await openKept([signer.authority])) }
}

describe('a document that our authority signed', () => {
  it('is kept, over a restart too, for its owner’s eyes, and is what a collector that forgot it is handed back', async () => {
    const { documents, signer, folder, news, again } = await signed()
    const frame = await signer.frame('addresses', 3, listOf(home))
    expect(await documents.take(frame)).toBeUndefined()
    expect([documents.content(addresses), documents.numbers(), news]).toEqual([
      listOf(home),
      { addresses: 3, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 },
      ['addresses'],
    ])
    expect(statSync(join(folder, 'addresses.jws')).mode & 0o777).toBe(0o600)

    const { documents: later } = await again()
    expect([later.content(addresses), later.numbers()]).toEqual([
      listOf(home),
      { addresses: 3, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 },
    ])
    expect(later.welcomed({ addresses: 2, revocations: 9 })).toEqual([frame])
    expect(later.welcomed({ addresses: 3 })).toEqual([])
    expect(later.welcomed({ revocations: 0 })).toEqual([])
  })

  it('replaces an older one, whatever order they come in at once', async () => {
    const { documents, signer } = await signed()
    const frames = await Promise.all([1, 2, 3].map((number) => signer.frame('addresses', number, listOf(`https://${number}.example.org`))))
    await Promise.all(frames.map((frame) => documents.take(frame)))
    expect(documents.content(addresses)).toEqual(listOf('https://3.example.org'))
  })

  it('is no news when it comes again', async () => {
    const { documents, signer, news } = await signed()
    const frame = await signer.frame('addresses', 3, listOf(home))
    for (let times = 0; times < 3; times += 1) expect(await documents.take(frame)).toBeUndefined()
    expect(news).toEqual(['addresses'])
  })

  it('is not taken when the disk refuses it, and is when it comes again', async () => {
    const { documents, signer, folder } = await signed()
    const frame = await signer.frame('addresses', 3, listOf(home))
    mkdirSync(join(folder, 'addresses.jws'), { recursive: true })
    expect(await documents.take(frame)).toBeUndefined()
    expect([documents.numbers().addresses, readdirSync(folder)]).toEqual([0, ['addresses.jws']])
    rmSync(join(folder, 'addresses.jws'), { recursive: true })
    await documents.take(frame)
    expect(documents.numbers().addresses).toBe(3)
  })

  it('that this version can’t read leaves the one before, and accuses nobody', async () => {
    const { documents, signer } = await signed()
    await documents.take(await signer.frame('addresses', 1, listOf(home)))
    expect(await documents.take(await signer.frame('addresses', 2, { collectors: [], later: 'something new' }))).toBeUndefined()
    expect(documents.content(addresses)).toEqual(listOf(home))
  })

  it('of a name we don’t know leaves no trace', async () => {
    const { documents, signer, folder } = await signed()
    expect(await documents.take(await signer.frame('policies', 1, {}))).toBeUndefined()
    expect(await documents.take(await signer.frame('../../key', 1, {}))).toBeUndefined()
    expect(() => readdirSync(folder)).toThrow('ENOENT')
    expect(documents.numbers()).toEqual({ addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 })
  })
})

describe('a document that is not ours to take', () => {
  it.each<[string, (signer: TestSigner) => Promise<{ kind: 'document'; name: string; number: number; jws: string }>]>([
    ['signed by a stranger', async () => (await testSigner()).frame('addresses', 9, listOf(away))],
    [
      'of another fleet, which claims our key',
      async ({ authority: { kid } }) => (await testSigner()).frame('addresses', 9, listOf(away), { kid }),
    ],
    ['altered on its way', async (signer) => altered(await signer.frame('addresses', 9, listOf(away)))],
    ['signed as an order', (signer) => signer.frame('addresses', 9, listOf(away), { typ: 'tierline-command+jws' })],
    ['that is none', async () => ({ kind: 'document', name: 'addresses', number: 9, jws: 'not a document' })],
    ['that is huge', async () => ({ kind: 'document', name: 'addresses', number: 9, jws: 'A'.repeat(maxDocumentChars + 1) })],
  ])('%s is a critical signal and changes nothing', async (_what, make) => {
    const { documents, signer, news } = await signed()
    await documents.take(await signer.frame('addresses', 1, listOf(home)))
    expect(await documents.take(await make(signer))).toMatchObject({
      kind: 'security.document.forged',
      severity: 'critical',
      about: 'addresses',
    })
    expect([documents.content(addresses), news]).toEqual([listOf(home), ['addresses']])
  })

  it('that was signed under another name passes for no other', async () => {
    const { documents, signer } = await signed()
    const { jws } = await signer.frame('revocations', 9, { endpoints: [] })
    await documents.take({ kind: 'document', name: 'addresses', number: 9, jws })
    expect(documents.numbers()).toEqual({ addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 })
  })

  it('leaps so far ahead that none could come after it; the second of a restore is no such leap', async () => {
    const { documents, signer } = await signed()
    const last = await signer.frame('addresses', Number.MAX_SAFE_INTEGER, listOf(away))
    expect(await documents.take(last)).toMatchObject({ kind: 'security.document.forged', facts: { reason: 'its number leaps ahead' } })
    documents.welcomed({})
    expect(await documents.take(await signer.frame('addresses', 1_700_000_007, listOf(home)))).toBeUndefined()
    expect(documents.content(addresses)).toEqual(listOf(home))
  })

  it('is an old one, played back: said, and no more', async () => {
    const { documents, signer } = await signed()
    const old = await signer.frame('addresses', 1, listOf(away))
    await documents.take(old)
    await documents.take(await signer.frame('addresses', 2, listOf(home)))
    expect(await documents.take({ ...old, number: 7 })).toMatchObject({ kind: 'security.document.stale', severity: 'info' })
    expect(documents.content(addresses)).toEqual(listOf(home))
  })

  it('is another one of the same number', async () => {
    const { documents, signer } = await signed()
    await documents.take(await signer.frame('addresses', 2, listOf(home)))
    expect(await documents.take(await signer.frame('addresses', 2, listOf(away)))).toMatchObject({ kind: 'security.document.stale' })
    expect(documents.content(addresses)).toEqual(listOf(home))
  })

  it('is said once a connection, and the rest of that connection is not looked at', async () => {
    const { documents, signer } = await signed()
    const stranger = await testSigner()
    const said = []
    for (let number = 1; number <= 50; number += 1) said.push(await documents.take(await stranger.frame('addresses', number, listOf(away))))
    expect(said.filter(Boolean)).toHaveLength(1)
    const good = await signer.frame('addresses', 1, listOf(home))
    expect(await documents.take(good)).toBeUndefined()
    expect(documents.numbers().addresses).toBe(0)

    documents.welcomed({})
    await documents.take(good)
    expect(documents.numbers().addresses).toBe(1)
  })

  it('is one that the key of our authority may not sign: it isn’t even asked for', async () => {
    const { documents, signer } = await signed(['isolate-host', 'document:revocations'])
    expect(documents.numbers()).toEqual({ operators: 0, policy: 0, revocations: 0 })
    await documents.take(await signer.frame('addresses', 1, listOf(away)))
    expect(documents.content(addresses)).toBeUndefined()
  })

  it('is signed by an authority of ours that may sign others only', async () => {
    const [whole, half] = [await testSigner(), await testSigner(['isolate-host', 'document:revocations'])]
    const { documents } = await openKept([whole.authority, half.authority])
    expect(documents.numbers()).toEqual({ addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 0 })
    expect(await documents.take(await half.frame('addresses', 1, listOf(away)))).toMatchObject({ kind: 'security.document.forged' })
    documents.welcomed({})
    await documents.take(await half.frame('revocations', 1, { endpoints: [] }))
    expect(documents.numbers()).toEqual({ addresses: 0, 'audit-heads': 0, authorities: 0, operators: 0, policy: 0, revocations: 1 })
  })

  it('is what lies damaged or exchanged on the disk', async () => {
    const { documents, signer, folder, again } = await signed()
    await documents.take(await signer.frame('addresses', 3, listOf(home)))
    const file = join(folder, 'addresses.jws')
    const whole = readFileSync(file, 'utf8')
    for (const text of [whole.slice(0, -40), (await (await testSigner()).frame('addresses', 9, listOf(away))).jws, '']) {
      writeFileSync(file, text)
      expect((await again()).documents.numbers().addresses).toBe(0)
    }
    chmodSync(file, 0o600)
    writeFileSync(file, whole)
    expect((await again()).documents.numbers().addresses).toBe(3)
  })
})
