import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import operatorsDocument from '#shared/protocol/documents/operators.ts'
import { openDocuments } from '../../../agent/identity/documents.ts'
import { openTrust } from '../../../agent/identity/trust.ts'
import { testSigner } from '../../support/documents.ts'
import { type Authority, operatorOf, personsKey, publicOf, twoAuthorities } from '../../support/operators.ts'

const log = pino({ level: 'silent' })
let authority: Authority
beforeEach(async () => {
  authority = await twoAuthorities()
})

function folder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-trust-'))
  mkdirSync(join(dataDir, 'identity'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  return dataDir
}

describe('whose word an agent takes', () => {
  it('is the collector’s alone, until it names two authorities; from then on it can’t name others', async () => {
    const dataDir = folder()
    const trust = openTrust({ dataDir, pinned: undefined, log })
    expect(trust.kind).toBe('collector')
    expect(await trust.follow({ first: authority.pair, successions: [] })).toBe(true)
    const others = await twoAuthorities()
    expect(await trust.follow({ first: others.pair, successions: [] })).toBe(false)
    const again = openTrust({ dataDir, pinned: undefined, log })
    expect([again.kind, again.keys]).toEqual(['operators', authority.pair.keys])
  })

  it('passes to a successor that the other authority names, over several, and never back', async () => {
    const [a, b] = authority.keys
    const [a2, b2] = [await personsKey(), await personsKey()]
    const first = await authority.succession(b, { number: 1, replaces: a.kid, by: publicOf(a2) })
    const second = await authority.succession(a2, { number: 2, replaces: b.kid, by: publicOf(b2) })
    const trust = openTrust({ dataDir: folder(), pinned: authority.pair, log })
    await trust.follow({ first: authority.pair, successions: [first, second] })
    expect(trust.keys.map(({ kid }) => kid).sort()).toEqual([a2.kid, b2.kid].sort())
    expect(await trust.follow({ first: authority.pair, successions: [first] })).toBe(false)
  })

  it('passes to nobody who names themselves, who is a stranger, or out of turn', async () => {
    const [a, b] = authority.keys
    const [thief, stranger] = [await personsKey(), await personsKey()]
    const trust = openTrust({ dataDir: folder(), pinned: authority.pair, log })
    const successions = [
      await authority.succession(a, { number: 1, replaces: a.kid, by: publicOf(thief) }),
      await authority.succession(stranger, { number: 1, replaces: a.kid, by: publicOf(thief) }),
      await authority.succession(b, { number: 2, replaces: a.kid, by: publicOf(thief) }),
      await authority.succession(b, { number: 1, replaces: stranger.kid, by: publicOf(thief) }),
      'nonsense',
    ]
    expect(await trust.follow({ first: authority.pair, successions })).toBe(false)
    expect(trust.keys).toEqual(authority.pair.keys)
  })

  it('is nobody’s when its file is damaged: not the collector’s either', () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, 'identity', 'trust.json'), '{')
    expect(openTrust({ dataDir, pinned: undefined, log })).toMatchObject({ kind: 'operators', keys: [] })
  })
})

describe('the register of operators', () => {
  const issuedAt = 1_795_000_000_000
  const opened = async (operatorsBy = authority.pair.keys) => {
    const collector = await testSigner(['*'])
    const kept = { dataDir: folder(), authorities: [collector.authority], log, onKept: () => undefined }
    const again = (others: typeof operatorsBy) => openDocuments({ ...kept, operatorsBy: others })
    return { collector, documents: await again(operatorsBy), again }
  }

  it('is kept when an authority signed it, and not when the collector did', async () => {
    const { collector, documents } = await opened()
    const operators = [operatorOf('Anna', await personsKey(), issuedAt)]
    expect(await documents.take(await authority.register(authority.keys[0], 1, issuedAt, operators))).toBeUndefined()
    expect([documents.content(operatorsDocument), documents.issuedAt(operatorsDocument)]).toEqual([{ operators }, issuedAt])
    const forged = await collector.frame('operators', 2, { operators: [] })
    expect(await documents.take(forged)).toMatchObject({ kind: 'security.document.forged' })
    expect(documents.content(operatorsDocument)).toEqual({ operators })
  })

  it('counts no more once its signer was replaced, and its number still does', async () => {
    const { documents } = await opened()
    const [a, b] = authority.keys
    await documents.take(await authority.register(a, 5, issuedAt, []))
    await documents.believe([publicOf(b), publicOf(await personsKey())])
    expect([documents.content(operatorsDocument), documents.numbers().operators]).toEqual([undefined, 5])
    expect(await documents.take(await authority.register(b, 5, issuedAt, []))).toMatchObject({ kind: 'security.document.stale' })
    documents.welcomed({})
    expect(await documents.take(await authority.register(b, 6, issuedAt, []))).toBeUndefined()
    expect(documents.content(operatorsDocument)).toEqual({ operators: [] })
  })

  it('revokes whom it revoked over a restart too, when its signer was replaced and an older one is played back', async () => {
    const { documents, again } = await opened()
    const [a, b] = authority.keys
    const older = await authority.register(b, 5, issuedAt, [operatorOf('Mallory', await personsKey(), issuedAt)])
    await documents.take(older)
    await documents.take(await authority.register(a, 6, issuedAt, []))
    const restarted = await again([publicOf(b), publicOf(await personsKey())])
    expect([restarted.content(operatorsDocument), restarted.numbers().operators]).toEqual([undefined, 6])
    expect(await restarted.take(older)).toMatchObject({ kind: 'security.document.stale' })
    expect(restarted.content(operatorsDocument)).toBeUndefined()
    restarted.welcomed({})
    await restarted.take(await authority.register(b, 7, issuedAt, []))
    expect(restarted.content(operatorsDocument)).toEqual({ operators: [] })
  })

  it('is not signed by an authority that tries what is the collector’s', async () => {
    const { documents } = await opened()
    const document = { v: 1, name: 'addresses', number: 1, issuedAt, content: { collectors: ['https://away.example.net'] } }
    const jws = await authority.keys[0].sign(document, 'tierline-document+jws')
    expect(await documents.take({ kind: 'document', name: 'addresses', number: 1, jws })).toMatchObject({
      kind: 'security.document.forged',
    })
  })

  it('certifies nobody for longer than 30 days', async () => {
    const { documents } = await opened()
    const long = operatorOf('Anna', await personsKey(), issuedAt, { expiresAt: issuedAt + 31 * 86_400_000 })
    await documents.take(await authority.register(authority.keys[0], 1, issuedAt, [long]))
    expect(documents.content(operatorsDocument)).toBeUndefined()
  })
})
