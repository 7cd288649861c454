import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { openStore, type Store, type Tx } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-turns-'))
let store: Store
beforeAll(async () => {
  store = await openStore(await storeUrl(folder))
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const put = (tx: Tx, key: string) => tx.insertInto('meta').values({ key, value: '' }).execute()
const has = async (key: string) => (await store.db.selectFrom('meta').select('key').where('key', '=', key).execute()).length === 1

describe('turns', () => {
  it('are taken one after the other, also by who prepares outside of a transaction', async () => {
    const turns = createTurns(store.db)
    const order: string[] = []
    const prepared = turns.prepared(
      async () => {
        order.push('prepares')
        // Others may write what is nobody's turn.
        await store.db.transaction().execute((tx) => put(tx, 'meanwhile'))
        return 'what was read'
      },
      async (tx, from) => {
        order.push(`keeps by ${from}`)
        await put(tx, 'kept')
      },
    )
    const next = turns(async () => void order.push(`next: ${await has('kept')}`))
    await Promise.all([prepared, next])
    expect(order).toEqual(['prepares', 'keeps by what was read', 'next: true'])
    expect(await has('meanwhile')).toBe(true)
  })

  it('keep nothing of one that fails, in preparing or in writing, and go on', async () => {
    const turns = createTurns(store.db)
    const fail = async (): Promise<never> => {
      throw new Error('no')
    }
    const writing = turns.prepared(
      async () => 'half',
      async (tx, key) => {
        await put(tx, key)
        await fail()
      },
    )
    const preparing = turns.prepared(fail, (tx) => put(tx, 'never'))
    const next = turns((tx) => put(tx, 'last'))
    expect((await Promise.allSettled([writing, preparing, next])).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect([await has('half'), await has('never'), await has('last')]).toEqual([false, false, true])
  })
})
