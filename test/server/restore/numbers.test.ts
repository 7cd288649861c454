import { afterEach, beforeEach, expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { settleRestored } from '../../../server/restore/restore.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

async function restore(lostMs: number): Promise<void> {
  const madeAt = room.time.now()
  room.time.jump(lostMs)
  const { store, time, matrix } = room
  await settleRestored(store, readRules(matrix), createAudit({ time }), { madeAt, program: '0.1.0' }, time.now())
  room = await room.restart()
  await room.pipeline.idle()
}

const opened = (about: string) => room.signals({ kind: 'health.disk.full', fingerprint: `disk-full:${about}`, about })
const numbers = async () => {
  const tickets = await room.store.db.selectFrom('tickets').select('number').orderBy('number').execute()
  return tickets.map(({ number }) => number)
}

it('gives no ticket a number that another one may have had after the backup', async () => {
  await opened('/one')
  expect(await numbers()).toEqual([1])
  await restore(hours(1))
  await opened('/two')
  // The restore's own ticket is the first of them.
  expect(await numbers()).toEqual([1, 2_000, 2_001])
  await restore(hours(1))
  expect(await numbers()).toEqual([1, 2_000, 2_001, 4_000])
})

it('leaves more room where more tickets are usual and more was lost', async () => {
  const { store } = room
  await opened('/one')
  const ticket = await store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
  const many = Array.from({ length: 300 }, (_, index) => ({
    ...{ ...ticket, id: `many-${index}`, number: index + 2, fingerprint: `many-${index}`, status: 'resolved' as const },
  }))
  for (const each of many) await store.db.insertInto('tickets').values(each).execute()
  // Ten a day, for twenty days, ten times.
  await restore(days(20))
  expect((await numbers()).at(-1)).toBe(3_000)
})
