import { afterEach, beforeEach, expect, it } from 'vitest'
import { commands } from '#shared/commands/registry.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { standingType } from '#shared/protocol/standing-order.ts'
import { addStandingSignature, type KeepNeeds, signedByCollector } from '../../../server/command/standing/keep.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { operatorOf, type PersonsKey, personsKey } from '../../support/operators.ts'
import { addStanding } from '../http/standing-world.ts'

/* Operators' signatures on a standing order, as the collector takes them: over the very bytes, each person's once. */
let room: DeskRoom
let anna: PersonsKey
let bert: PersonsKey
let needs: KeepNeeds
beforeEach(async () => {
  room = await openDeskRoom()
  ;[anna, bert] = [await personsKey(), await personsKey()]
  const now = room.time.now()
  const register = { issuedAt: now, operators: [operatorOf('Anna', anna, now), operatorOf('Bert', bert, now)] }
  needs = { db: room.store.db, register: () => register, signStanding: () => Promise.reject(new Error('the collector signed')) }
  await addStanding(room.store, now, { mark: 'acme', organisation: 'acme' })
})
afterEach(() => room.close())

const row = () => room.store.db.selectFrom('standing_orders').selectAll().executeTakeFirstOrThrow()
/** The one that waits, as one of high risk. */
async function ofHighRisk(): Promise<Record<string, unknown>> {
  const { argsFrom: _, ...order } = JSON.parse((await row()).payload) as Record<string, unknown>
  const risky = { ...order, verb: 'run-script' }
  const risk = commands.get('run-script')?.risk ?? 'low'
  await room.store.db
    .updateTable('standing_orders')
    .set({ payload: canonicalJson(risky), risk })
    .execute()
  return risky
}
const sign = async (key: PersonsKey, order: unknown, typ = standingType) =>
  addStandingSignature(needs, await row(), await key.sign(order, typ), room.time.now())

it('needs two people where the risk is high, and is in force with the second', async () => {
  const order = await ofHighRisk()
  expect(await sign(anna, order)).toEqual({ kind: 'waits', signed: 1, needed: 2 })
  expect(await sign(anna, order)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('signed it already') })
  expect((await row()).state).toBe('unsigned')
  expect(await sign(bert, order)).toEqual({ kind: 'signed', signed: 2, needed: 2 })
  expect((await row()).state).toBe('signed')
})

it('takes no stranger’s, none over other bytes, and none that was given for something else', async () => {
  const order = await ofHighRisk()
  const refused = { kind: 'refused', reason: expect.stringContaining('no signature of an operator') }
  expect(await sign(await personsKey(), order)).toMatchObject(refused)
  expect(await sign(anna, { ...order, mostRuns: 999 })).toMatchObject(refused)
  expect(await sign(anna, order, 'tierline-command+jws')).toMatchObject(refused)
  expect((await row()).signatures).toBe('[]')
})

it('of high risk is never signed by the collector’s own key, where operators are named', async () => {
  await ofHighRisk()
  expect((await signedByCollector(needs, await row(), room.time.now())).state).toBe('unsigned')
})
