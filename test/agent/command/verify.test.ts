import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readyVerifiers, verify } from '../../../agent/command/verify.ts'
import { anOrder, endpointId, makeSigner, type Signer } from './orders.ts'

let collector: Signer
let stranger: Signer
beforeAll(async () => {
  collector = await makeSigner()
  stranger = await makeSigner()
})

const verdictOn = (jws: string, signer = collector) =>
  readyVerifiers([signer.authority]).then((verifiers) => verify(jws, verifiers, endpointId))

describe('verify', () => {
  it('takes what an authority signed for this endpoint', async () => {
    expect(await verdictOn(await collector.sign(anOrder()))).toEqual({ kind: 'order', order: anOrder() })
  })

  it('takes it from any authority on the list, with the verbs its key may sign', async () => {
    const operator = await makeSigner(['release-host'])
    const verifiers = await readyVerifiers([collector.authority, operator.authority])
    expect(await verify(await operator.sign(anOrder({ verb: 'release-host' })), verifiers, endpointId)).toMatchObject({ kind: 'order' })
    expect(await verify(await operator.sign(anOrder()), verifiers, endpointId)).toMatchObject({
      kind: 'forged',
      reason: 'its key may not sign this verb',
      claimed: { id: 'command-1' },
    })
  })

  it('turns away a key nobody here knows', async () => {
    expect(await verdictOn(await stranger.sign(anOrder()))).toMatchObject({
      kind: 'forged',
      reason: expect.stringContaining('no authority'),
    })
  })

  it('turns away another key that borrows the name of ours', async () => {
    const jws = await stranger.sign(anOrder(), { kid: collector.authority.kid })
    expect(await verdictOn(jws)).toMatchObject({ kind: 'forged', reason: expect.stringContaining('signature') })
  })

  it('turns away what is addressed to somebody else', async () => {
    const jws = await collector.sign(anOrder({ endpoints: ['endpoint-2'] }))
    expect(await verdictOn(jws)).toMatchObject({ kind: 'forged', reason: 'it is addressed to somebody else', claimed: { id: 'command-1' } })
  })

  it('turns away a signed thing that is no command, and one without a signature', async () => {
    expect(await verdictOn(await collector.sign(anOrder(), { typ: 'JWT' }))).toMatchObject({ kind: 'forged' })
    const unsigned = [{ alg: 'none', typ: 'tierline-command+jws', kid: collector.authority.kid }, anOrder()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    expect(await verdictOn(`${unsigned}.`)).toMatchObject({ kind: 'forged' })
  })

  it('calls an order unfit, not forged, when it is ours but newer than this agent', async () => {
    expect(await verdictOn(await collector.sign({ ...anOrder(), args: 'a new shape' }))).toMatchObject({
      kind: 'unfit',
      claimed: { id: 'command-1' },
    })
  })

  it('never takes one with any single byte changed', async () => {
    const jws = await collector.sign(anOrder())
    const changed = fc.tuple(fc.nat(jws.length - 1), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
      const bytes = Buffer.from(jws)
      bytes[at] = byte
      return bytes.toString('latin1')
    })
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== jws),
        async (text) => (await verdictOn(text)).kind === 'forged',
      ),
      { numRuns: 300 },
    )
  })

  it('never takes another spelling of the same signature bytes', async () => {
    const jws = await collector.sign(anOrder())
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/='
    const others = [...alphabet].map((last) => jws.slice(0, -1) + last).filter((text) => text !== jws)
    const padded = [`${jws}=`, `${jws}==`, `${jws} `, `${jws}\n`, ` ${jws}`]
    for (const text of [...others, ...padded]) expect(await verdictOn(text)).toMatchObject({ kind: 'forged' })
  })

  it('never throws, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(fc.string(), { minLength: 3, maxLength: 3 }).map((parts) => parts.join('.')),
        ),
        async (text) => {
          expect((await verdictOn(text)).kind).toBe('forged')
        },
      ),
    )
  })
})
