import type { Kysely, KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { notRestoredOf } from '../../../server/pipeline/tasks.ts'
import type { Database } from '../../../server/store/schema.ts'
import type { Tx } from '../../../server/store/store.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const ids = Array.from({ length: 60 }, (_, at) => `pc-${at}`)
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: Object.fromEntries(ids.map((id): [string, Role] => [id, 'workstation'])) })
})
afterEach(() => room.close())

it('asks once which of many machines wait to be restored, and names their tickets', async () => {
  const full = { kind: 'health.disk.full', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } }
  await room.signals({ ...full, endpointId: 'pc-1' }, { ...full, endpointId: 'pc-2' }, { ...full, endpointId: 'pc-3' })
  const { db } = room.store
  await db.updateTable('tickets').set({ task: 'restore' }).where('endpoint_id', '!=', 'pc-3').execute()
  await db.updateTable('tickets').set({ status: 'resolved' }).where('endpoint_id', '=', 'pc-2').execute()
  let questions = 0
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => {
      questions += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const found = await notRestoredOf((db as Kysely<Database>).withPlugin(counting) as Tx, ids)
  expect([...found.keys()]).toEqual(['pc-1'])
  expect(found.get('pc-1')).toMatch(/^It is not restored yet \(#\d+\): /)
  expect(questions).toBe(1)
})
