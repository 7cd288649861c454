import { randomUUIDv7 } from 'node:crypto'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { browserKeyType } from '#shared/api/browser-key.ts'
import type { NewStanding } from '#shared/api/standing.ts'
import { days } from '#shared/domain/time.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { documentType } from '#shared/protocol/document.ts'
import { standingType } from '#shared/protocol/standing-order.ts'
import { operatorOf, signOrder } from '../../../support/operators.ts'
import type { Acts, ActsRoom, Asks } from './acts.ts'

/** Operators' signatures, and the key of one's own browser. */
export const signedActs = (room: ActsRoom): Acts => ({
  'command.sign': async () =>
    signature(`/api/commands/${room.other.command}/signatures`, await signOrder(room.key, await waiting(room, 'commands'))),
  'bulk.sign': async () => signature(`/api/bulk/${room.other.bulk}/signatures`, await signOrder(room.key, await waiting(room, 'bulks'))),
  'standing.sign': async () => {
    named(room)
    const body: NewStanding = { organisationId: room.own.organisation, draft: 'updates-in-the-window', reason: 'to try' }
    const { body: asked } = await room.person.ask('POST', '/api/standing-orders', body)
    const rows = room.console.store.db.selectFrom('standing_orders').select('payload').where('id', '=', String(asked.id))
    const { payload } = await rows.executeTakeFirstOrThrow()
    return signature(`/api/standing-orders/${asked.id}/signatures`, await room.key.sign(JSON.parse(payload), standingType))
  },
  'policy.sign': async () => {
    named(room)
    await room.person.ask('PUT', '/api/policy', { yaml: 'policies:\n  - samples: { everySeconds: 30 }\n' })
    const { body } = await room.person.ask('GET', '/api/policy/unsigned')
    const [policy] = body.policies as { organisation: { id: string }; payload: string }[]
    const jws = await room.key.sign(JSON.parse(policy?.payload ?? ''), documentType)
    return ['POST', '/api/policy/signatures', { organisationId: policy?.organisation.id, jws }]
  },
  'browser-key.ask': async () => {
    const { body } = await room.person.ask('POST', '/api/browser-key/challenge')
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
    const asked = new CompactSign(new TextEncoder().encode(String(body.challenge)))
    const proof = await asked.setProtectedHeader({ alg: 'EdDSA', typ: browserKeyType }).sign(privateKey)
    return ['POST', '/api/browser-key', { key: { kty: 'OKP', crv: 'Ed25519', x: (await exportJWK(publicKey)).x }, proof }]
  },
})

const signature = (path: string, jws: string): Asks => ['POST', path, { jws }]

/** Anna is an operator from here on, until the next act. */
function named(room: ActsRoom): number {
  const now = room.console.time.now()
  room.register = { issuedAt: now, operators: [operatorOf('Anna', room.key, now)] }
  return now
}

/** @returns the order that now waits for her signature. */
async function waiting(room: ActsRoom, table: 'commands' | 'bulks'): Promise<object> {
  const now = named(room)
  const { other, console } = room
  const id = table === 'commands' ? other.command : other.bulk
  const about = { id, verb: 'ping', args: {}, endpoints: [other.endpoint], nonce: randomUUIDv7(), requestedBy: 'Ada', reason: 'r' }
  const order = { ...about, issuedAt: now, expiresAt: now + days(1) }
  const is = { status: 'unsigned', verb: 'ping', payload: canonicalJson(order), signatures: '[]', expires_at: now + days(1) } as const
  await console.store.db
    .updateTable(table)
    .set({ ...is, settled_at: null })
    .where('id', '=', id)
    .execute()
  return order
}
