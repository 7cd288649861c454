import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { type DocumentFrame, documentType } from '#shared/protocol/document.ts'
import policy from '#shared/protocol/documents/policy.ts'
import { openDocuments } from '../../../agent/identity/documents.ts'
import { testSigner } from '../../support/documents.ts'
import { type Authority, operatorOf, type PersonsKey, personsKey, twoAuthorities } from '../../support/operators.ts'

/* The policy: by the collector where nobody names operators, and by an operator where somebody does. */
const now = Date.UTC(2026, 10, 22)
const collector = await testSigner()
const said = (organisationId: string, value = 80) => ({
  organisationId,
  layers: [{ from: 'line 2, the whole fleet', settings: { 'health.disk-full.usedPercent': value } }],
})

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tierline-policy-'))
  mkdirSync(join(dataDir, 'identity'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
})
const open = (authority?: Authority) =>
  openDocuments({
    ...{ dataDir, authorities: [collector.authority], organisationId: 'org-1', log: pino({ level: 'silent' }), onKept: () => undefined },
    ...(authority && { operatorsBy: authority.pair.keys, isByOperators: () => true }),
  })
const frameBy = async (key: PersonsKey, number: number, content: unknown, issuedAt = now): Promise<DocumentFrame> => {
  const jws = await key.sign({ v: 1, name: 'policy', number, issuedAt, content }, documentType)
  return { kind: 'document', name: 'policy', number, jws }
}

describe('without operators', () => {
  it('the collector’s signature is enough; an older number, and another organisation’s, are turned away and said', async () => {
    const documents = await open()
    expect(await documents.take(await collector.frame('policy', 3, said('org-1')))).toBeUndefined()
    expect(documents.content(policy)).toEqual(said('org-1'))
    expect(await documents.take(await collector.frame('policy', 2, said('org-1', 99)))).toMatchObject({ kind: 'security.document.stale' })
    documents.welcomed({})
    const foreign = await documents.take(await collector.frame('policy', 4, said('org-2')))
    expect(foreign).toMatchObject({ kind: 'security.document.forged', facts: { reason: 'it is another organisation’s' } })
    const again = await open()
    expect([again.content(policy), again.numbers().policy]).toEqual([said('org-1'), 3])
    expect(again.welcomed({ policy: 1 })).toHaveLength(1)
  })
})

describe('with operators', () => {
  let authority: Authority
  let anna: PersonsKey
  beforeEach(async () => {
    authority = await twoAuthorities()
    anna = await personsKey()
  })
  const registered = async (more = {}, number = 1) => {
    const documents = await open(authority)
    const operators = more === null ? [] : [operatorOf('Anna', anna, now, more)]
    expect(await documents.take(await authority.register(authority.keys[0], number, now, operators))).toBeUndefined()
    return documents
  }

  it('an operator’s counts, over a restart and after they left; the collector’s is forged', async () => {
    const documents = await registered()
    expect(await documents.take(await collector.frame('policy', 9, said('org-1', 99)))).toMatchObject({ kind: 'security.document.forged' })
    documents.welcomed({})
    expect(await documents.take(await frameBy(anna, 1, said('org-1')))).toBeUndefined()
    expect(documents.content(policy)).toEqual(said('org-1'))
    await documents.take(await authority.register(authority.keys[0], 2, now, []))
    const again = await open(authority)
    expect([again.content(policy), again.numbers().policy]).toEqual([said('org-1'), 1])
    expect(await again.take(await frameBy(anna, 2, said('org-1', 99)))).toMatchObject({ kind: 'security.document.forged' })
  })

  it.each([
    ['may not sign policies', { verbs: ['ping'] }, now, 'whoever signed it may not'],
    ['has a key in a browser only', { isBrowser: true }, now, 'whoever signed it may not'],
    ['is another organisation’s operator', { organisations: ['org-2'] }, now, 'whoever signed it may not'],
    ['had no certificate any more', {}, now + days(31), 'was not in force'],
    ['may have been revoked since', {}, now + days(8), 'the register of operators is too old'],
  ])('an operator who %s signs none', async (_, more, issuedAt, reason) => {
    const documents = await registered(more)
    const refused = await documents.take(await frameBy(anna, 1, said('org-1'), issuedAt))
    expect(refused?.summary).toContain(reason)
    expect(documents.content(policy)).toBeUndefined()
  })

  it('what the collector signed before there were operators counts no more, but its number does', async () => {
    const before = await open()
    await before.take(await collector.frame('policy', 5, said('org-1', 99)))
    const documents = await registered()
    expect([documents.content(policy), documents.numbers().policy]).toEqual([undefined, 5])
    expect(await documents.take(await frameBy(anna, 5, said('org-1')))).toMatchObject({ kind: 'security.document.stale' })
    documents.welcomed({})
    expect(await documents.take(await frameBy(anna, 6, said('org-1')))).toBeUndefined()
    expect(documents.content(policy)).toEqual(said('org-1'))
  })
})
