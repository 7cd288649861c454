import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { readRows } from '../support/database.ts'
import { freePort } from '../support/program.ts'
import { connectRaw, enrolRaw, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { startSide } from './nothing-is-lost/process.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-killed-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('a collector killed between its commit and the acknowledgement takes the same records again without counting them twice', async () => {
  const args = [folder, String(await freePort())]
  const collector = startSide('collector.ts', args)
  const who = await enrolRaw(await collector.line())
  const agent = await connectRaw(who)
  const records = Array.from({ length: 50 }, (_, index) => signalRecord(rawSignal({ fingerprint: `f-${index % 5}` })))

  agent.records('signals', 1, ...records)
  await untilStored(50)
  await collector.kill('SIGKILL')
  await agent.closed

  const again = startSide('collector.ts', args)
  await again.line()
  const back = await connectRaw(who)
  back.records('signals', 1, ...records)
  expect(await back.hears('ack')).toMatchObject({ lane: 'signals', seq: 50 })
  expect(await read('select count(*) as count from signals')).toEqual([{ count: 50 }])
  await expect.poll(() => read('select count(*) as count, max(occurrences) as most from tickets')).toEqual([{ count: 5, most: 10 }])
  await again.kill('SIGTERM')
})

/** Looks from outside, as often as it can: the kill comes as close after the commit as another process gets. */
async function untilStored(count: number): Promise<void> {
  while ((await read('select count(*) as count from signals'))[0]?.count !== count) await nextTurn()
}

const read = (sql: string): Promise<Record<string, unknown>[]> => readRows(folder, sql)
