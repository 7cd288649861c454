import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { openStore } from '../../server/store/store.ts'
import { databaseSetting, storeUrl } from '../support/database.ts'
import { openDeskRoom } from '../support/desk-room.ts'
import { startListener } from '../support/listener.ts'
import { startProgram } from '../support/program.ts'
import { hire } from '../support/staff.ts'

/*
 * A P1 that nobody acknowledges, in a collector that is killed with -9 before its next page is due and after that has gone out: each
 * rung of the ladder rings once, and the ladder goes on where it stood. Nobody waits here for minutes: what is planned is moved near.
 */

const folder = await mkdtemp(join(tmpdir(), 'tierline-paging-'))
const phones = await startListener()
afterAll(async () => {
  await phones[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Whose telephones rang since the last time somebody asked. */
const rang = (): string[] =>
  phones.posts
    .splice(0)
    .map(({ path }) => path.slice(1))
    .toSorted()

it('the ladder goes on over kill -9, and each page goes out once', async () => {
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const url = await storeUrl(dataDir)
  const flags = ['--database', await databaseSetting(dataDir), '--port', '0', '--agents-port', '0', '--may-call', '127.0.0.1']
  const up = () => startProgram(['up', '--data', dataDir, ...flags])

  await openP1(url)
  expect(rang()).toEqual(['ann'])

  const first = up()
  await first.prints(/Agents\s+(https:\S+)/)
  await first.stop('SIGKILL')
  expect(rang()).toEqual([])

  await letPass(url, minutes(2))
  const second = up()
  await expect.poll(() => delivered(url), { timeout: 30_000, interval: 50 }).toBe(2)
  await second.stop('SIGKILL')
  expect(rang()).toEqual(['ann'])

  await letPass(url, minutes(3))
  const third = up()
  await expect.poll(() => delivered(url), { timeout: 30_000, interval: 50 }).toBe(4)
  await third.stop()
  expect(rang()).toEqual(['ann', 'bob'])
  expect(await ladder(url)).toMatchObject({ rung: 1, next_at: expect.any(Number) })
}, 120_000)

/** As a collector left it that has called whoever is on call, and was then killed. */
async function openP1(url: string): Promise<void> {
  const room = await openDeskRoom({ url, startsAt: new Date().toISOString() })
  for (const id of ['ann', 'bob']) await hire(room, id, { ways: [`${phones.url}${id}`] })
  const facts = { change: 'edited' }
  await room.signals({ endpointId: 'srv', kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts })
  await room.outbox.idle()
  await room.close()
}

/** So much time passes for the ladder and for the telephones, while no collector runs. */
async function letPass(url: string, ms: number): Promise<void> {
  await within(url, async ({ db }) => {
    const paging = await db.selectFrom('pagings').selectAll().executeTakeFirstOrThrow()
    const moved = { since: paging.since - ms, next_at: (paging.next_at ?? 0) - ms }
    await db.updateTable('pagings').set(moved).execute()
    const timers = db.updateTable('timers').set({ due_at: moved.next_at })
    await timers.where('kind', '=', 'page').where('fired_at', 'is', null).where('cancelled_at', 'is', null).execute()
    await db
      .updateTable('outbox')
      .set(({ eb }) => ({ delivered_at: eb('delivered_at', '-', ms) }))
      .where('delivered_at', 'is not', null)
      .execute()
  })
}

const delivered = (url: string): Promise<number> =>
  within(url, async ({ db }) => {
    const pages = db.selectFrom('outbox').select('id').where('pass_on_at', 'is not', null)
    return (await pages.where('delivered_at', 'is not', null).execute()).length
  })

const ladder = (url: string) => within(url, ({ db }) => db.selectFrom('pagings').select(['rung', 'next_at']).executeTakeFirstOrThrow())

async function within<Result>(url: string, work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<Result>): Promise<Result> {
  const store = await openStore(url)
  return work(store).finally(() => store.close())
}
