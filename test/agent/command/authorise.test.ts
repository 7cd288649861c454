import { beforeAll, describe, expect, it } from 'vitest'
import type { CommandOrder, Risk } from '#shared/domain/command.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { days } from '#shared/domain/time.ts'
import type { Operator } from '#shared/protocol/authority.ts'
import { authorise, type SignedOrder } from '../../../agent/command/authorise.ts'
import { readyVerifiers } from '../../../agent/command/verify.ts'
import { operatorOf, type PersonsKey, personsKey, signOrder } from '../../support/operators.ts'
import { anOrder, endpointId, issuedAt, makeSigner, type Signer } from './orders.ts'

let collector: Signer
let anna: PersonsKey
let bert: PersonsKey
let stranger: PersonsKey
beforeAll(async () => {
  collector = await makeSigner()
  ;[anna, bert, stranger] = await Promise.all([personsKey(), personsKey(), personsKey()])
})

const risks: Record<string, Risk> = { 'isolate-host': 'protective', 'release-host': 'low', 'run-script': 'high' }
const annaOnly = (more: Partial<Operator> = {}) => [operatorOf('Anna', anna, issuedAt, more)]
const both = () => [...annaOnly(), operatorOf('Bert', bert, issuedAt)]

interface About {
  operators?: Operator[] | undefined
  registerAgeMs?: number
  role?: Role
  now?: number
  organisationId?: string
}

async function verdictOn(signed: SignedOrder, about: About = {}) {
  const { operators = annaOnly(), registerAgeMs = 0, role = 'workstation', now = issuedAt, organisationId = 'organisation-1' } = about
  const register = { operators, issuedAt: now - registerAgeMs }
  const verifiers = await readyVerifiers([collector.authority])
  const riskOf = (verb: string) => risks[verb]
  return authorise(signed, { verifiers, endpointId, organisationId, register: () => register, role: async () => role, riskOf, now })
}
const release = (more: Partial<CommandOrder> = {}) => anOrder({ verb: 'release-host', ...more })
const script = () => anOrder({ verb: 'run-script', args: { script: 'a'.repeat(64) } })

describe('where operators are named, the collector’s own key', () => {
  it.each<Role>(['workstation', 'server'])('isolates a %s', async (role) => {
    expect(await verdictOn({ jws: await collector.sign(anOrder()) }, { role })).toMatchObject({ kind: 'order' })
  })

  it.each<[Role, string]>([
    ['core', 'a core machine'],
    ['unknown', 'a machine whose role is not known'],
  ])('does not isolate one that is %s', async (role, named) => {
    const verdict = await verdictOn({ jws: await collector.sign(anOrder()) }, { role })
    expect(verdict).toMatchObject({ kind: 'unfit', reason: expect.stringContaining(named) })
    const jws = await signOrder(anna, anOrder())
    expect(await verdictOn({ jws }, { role })).toMatchObject({ kind: 'order' })
  })

  it('signs nothing that is good for longer than a week', async () => {
    const signed = { jws: await collector.sign(anOrder({ expiresAt: issuedAt + days(7) + 1 })) }
    expect(await verdictOn(signed)).toMatchObject({ kind: 'unfit', reason: 'it would be good for longer than 7 days' })
    expect(await verdictOn(signed, { now: issuedAt + 1 })).toMatchObject({ kind: 'order' })
  })

  it.each(['release-host', 'run-script', 'a-verb-nobody-knows'])('does nothing else: %s is taken for forged', async (verb) => {
    const verdict = await verdictOn({ jws: await collector.sign(anOrder({ verb })) })
    expect(verdict).toMatchObject({ kind: 'forged', reason: expect.stringContaining('operator’s signature') })
  })
})

describe('an operator’s signature', () => {
  it('is taken for what the certificate says', async () => {
    expect(await verdictOn({ jws: await signOrder(anna, release()) })).toEqual({ kind: 'order', order: release() })
  })

  it.each<[string, About, string]>([
    ['of somebody who is not in the register', { operators: [] }, 'no operator in force'],
    ['for another verb', { operators: [{ ...annaOnlyNow(), verbs: ['isolate-host'] }] }, 'may not sign release-host'],
    ['for another organisation', { operators: [{ ...annaOnlyNow(), organisations: ['organisation-2'] }] }, 'for this organisation'],
    ['with a register of eight days', { registerAgeMs: days(8) }, 'only protective commands run'],
    ['after its time by this machine’s clock', { now: issuedAt + 60_000 }, 'after its time'],
  ])('is refused %s', async (_what, about, reason) => {
    const operators = about.operators?.map((each) => ({ ...each, ...keyOf(anna) }))
    const verdict = await verdictOn({ jws: await signOrder(anna, release()) }, { ...about, ...(operators && { operators }) })
    expect(verdict).toMatchObject({ kind: expect.stringMatching(/forged|unfit/), reason: expect.stringContaining(reason) })
  })

  it('is taken beside somebody whose key is damaged', async () => {
    const damaged = { ...annaOnlyNow(), name: 'Bert' }
    expect(await verdictOn({ jws: await signOrder(anna, release()) }, { operators: [damaged, ...annaOnly()] })).toMatchObject({
      kind: 'order',
    })
  })

  it('is refused when the certificate has lapsed, with whose it was', async () => {
    const operators = annaOnly({ certifiedAt: issuedAt - days(30), expiresAt: issuedAt })
    expect(await verdictOn({ jws: await signOrder(anna, release()) }, { operators })).toMatchObject({
      kind: 'unfit',
      reason: 'the certificate of Anna is not in force',
    })
  })

  it('is refused for another endpoint, and for one byte changed', async () => {
    const elsewhere = await signOrder(anna, release({ endpoints: ['endpoint-2'] }))
    expect(await verdictOn({ jws: elsewhere })).toMatchObject({ kind: 'forged', reason: 'it is addressed to somebody else' })
    const [header, , signature] = (await signOrder(anna, release())).split('.')
    const other = Buffer.from(JSON.stringify(script())).toString('base64url')
    expect(await verdictOn({ jws: `${header}.${other}.${signature}` })).toMatchObject({ kind: 'forged' })
  })

  it('over a list is taken by each machine on it, and by none of another organisation', async () => {
    const list = ['endpoint-0', endpointId, 'endpoint-2']
    const staged = { sizes: [1, 2], failPercent: 10, waitMs: 60_000 }
    const jws = await signOrder(anna, release({ endpoints: list, staged }))
    expect(await verdictOn({ jws })).toMatchObject({ kind: 'order', order: { endpoints: list } })
    const operators = annaOnly({ organisations: ['organisation-1'] })
    expect(await verdictOn({ jws }, { operators, organisationId: 'organisation-2' })).toMatchObject({ kind: 'unfit' })
    const others = await signOrder(anna, release({ endpoints: ['endpoint-0', 'endpoint-2'], staged }))
    expect(await verdictOn({ jws: others })).toMatchObject({ kind: 'forged' })
  })

  it('is refused over bytes that are not in the one form', async () => {
    const asTyped = await makeSigner()
    const operators = [{ ...annaOnlyNow(), kid: asTyped.authority.kid, key: asTyped.authority.key }]
    expect(await verdictOn({ jws: await asTyped.sign(release()) }, { operators })).toMatchObject({
      kind: 'unfit',
      reason: expect.stringContaining('one form'),
    })
  })

  it('is refused when the order would be good for longer than a week', async () => {
    const jws = await signOrder(anna, release({ expiresAt: issuedAt + days(8) }))
    expect(await verdictOn({ jws })).toMatchObject({ kind: 'unfit', reason: expect.stringContaining('longer than 7 days') })
  })
})

describe('what is risky', () => {
  it('needs one where there is one operator', async () => {
    expect(await verdictOn({ jws: await signOrder(anna, script()) })).toMatchObject({ kind: 'order' })
  })

  it('needs two different ones where there are two', async () => {
    const byAnna = await signOrder(anna, script())
    const byBert = await signOrder(bert, script())
    const needsTwo = { kind: 'unfit', reason: expect.stringContaining('2 different operators') }
    expect(await verdictOn({ jws: byAnna }, { operators: both() })).toMatchObject(needsTwo)
    expect(await verdictOn({ jws: byAnna, also: [byAnna] }, { operators: both() })).toMatchObject(needsTwo)
    expect(await verdictOn({ jws: byAnna, also: [byBert] }, { operators: both() })).toMatchObject({ kind: 'order' })
  })

  it('is not signed twice by one person with two keys', async () => {
    const operators = [...both(), operatorOf('Anna', stranger, issuedAt)]
    const signed = { jws: await signOrder(anna, script()), also: [await signOrder(stranger, script())] }
    expect(await verdictOn(signed, { operators })).toMatchObject({ kind: 'unfit' })
  })

  it('is not signed by two who signed different bytes, or by a stranger', async () => {
    const byAnna = await signOrder(anna, script())
    const other = await signOrder(bert, { ...script(), nonce: 'another-nonce-of-16' })
    expect(await verdictOn({ jws: byAnna, also: [other] }, { operators: both() })).toMatchObject({ kind: 'forged' })
    expect(await verdictOn({ jws: byAnna, also: [await signOrder(stranger, script())] }, { operators: both() })).toMatchObject({
      kind: 'forged',
    })
  })

  it('still needs two when the second one’s certificate has lapsed', async () => {
    const lapsed = operatorOf('Bert', bert, issuedAt - days(31))
    const verdict = await verdictOn({ jws: await signOrder(anna, script()) }, { operators: [...annaOnly(), lapsed] })
    expect(verdict).toMatchObject({ kind: 'unfit' })
  })
})

describe('a key in a browser', () => {
  const inBrowser = () => operatorOf('Anna', anna, issuedAt, { isBrowser: true })

  it('signs what is of little risk, and nothing of high risk, whatever its certificate lists', async () => {
    expect(await verdictOn({ jws: await signOrder(anna, release()) }, { operators: [inBrowser()] })).toMatchObject({ kind: 'order' })
    const refused = { kind: 'unfit', reason: expect.stringContaining('needs a key file of Anna') }
    const byAnna = await signOrder(anna, script())
    expect(await verdictOn({ jws: byAnna }, { operators: [inBrowser()] })).toMatchObject(refused)
    const byBert = await signOrder(bert, script())
    const operators = [inBrowser(), operatorOf('Bert', bert, issuedAt)]
    expect(await verdictOn({ jws: byBert, also: [byAnna] }, { operators })).toMatchObject(refused)
    // Nobody else can sign what is risky, so nobody waits for her.
    expect(await verdictOn({ jws: byBert }, { operators })).toMatchObject({ kind: 'order' })
  })
})

const keyOf = ({ kid, key }: PersonsKey) => ({ kid, key })
/** Before there are keys, for tables of cases. */
function annaOnlyNow(): Operator {
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: 'x' }
  return {
    name: 'Anna',
    kid: 'x'.repeat(43),
    key,
    verbs: ['*'],
    organisations: ['*'],
    certifiedAt: issuedAt,
    expiresAt: issuedAt + days(30),
  }
}
