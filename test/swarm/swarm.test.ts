import { afterEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { storeUrl } from '../support/database.ts'
import { enrolAll, removeAll } from './members.ts'
import { MemorySpool } from './memory-spool.ts'
import { issuePasses } from './passes.ts'
import { seeded } from './readings.ts'
import { type Swarm, startSwarm } from './swarm.ts'

let collector: TestCollector | undefined
let swarm: Swarm | undefined

afterEach(async () => {
  await swarm?.stop()
  await collector?.[Symbol.asyncDispose]()
  swarm = undefined
  collector = undefined
})

async function enrolled(count: number) {
  collector = await startTestCollector()
  const { dataDir, agentsUrl, store } = collector
  const issued = await issuePasses(dataDir, count)
  await enrolAll(await storeUrl(dataDir), issued.passes, Date.now())
  return { ...issued, collector: agentsUrl, dataDir, store }
}

const open = (issued: Awaited<ReturnType<typeof enrolled>>, settings: { sampleEveryMs?: number; signalsPerSecond?: number } = {}) =>
  startSwarm({
    ...{ ...issued, rampMs: 0, seed: 1, samplesPerRecord: 6, sampleEveryMs: 0, signalsPerSecond: 0 },
    ...{ ...settings, openSpool: async () => new MemorySpool() },
  })

it('brings agents in over mutual TLS, with certificates of their own, and what they say is stored', async () => {
  const issued = await enrolled(30)
  const { reader } = issued.store
  swarm = await open(issued, { sampleEveryMs: 50, signalsPerSecond: 100 })
  expect(await swarm.untilConnected(30, seconds(20))).toBe(true)
  await expect.poll(async () => (await reader.selectFrom('signals').select('id').execute()).length).toBeGreaterThan(20)
  await expect.poll(() => swarm?.frames()).toBeGreaterThan(100)
  swarm.quiet()
  await expect.poll(() => swarm?.unacknowledged()).toBe(0)
  const refused = await reader.selectFrom('refused_records').selectAll().execute()
  expect(refused).toEqual([])
})

it('is removed again, so that nobody misses its machines', async () => {
  const issued = await enrolled(3)
  await removeAll(await storeUrl(issued.dataDir), issued.passes, Date.now())
  swarm = await open(issued)
  expect(await swarm.untilConnected(1, seconds(1))).toBe(false)
})

it('makes the same machines of the same seed', () => {
  const take = (seed: number) => Array.from({ length: 3 }, seeded(seed))
  expect(take(7)).toEqual(take(7))
  expect(take(7)).not.toEqual(take(8))
  expect(take(7).every((value) => value >= 0 && value < 1)).toBe(true)
})
