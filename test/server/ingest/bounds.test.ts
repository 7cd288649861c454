import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { connectRaw, enrolRaw, rawSignal, signalRecord } from '../../support/raw-agent.ts'

let collector: TestCollector
beforeAll(async () => {
  collector = await startTestCollector()
})
afterAll(() => collector[Symbol.asyncDispose]())

const clearedBy = async (endpointId: string): Promise<number> => {
  const cleared = collector.store.db.selectFrom('signals').select('id').where('endpoint_id', '=', endpointId)
  return (await cleared.where('state', '=', 'cleared').execute()).length
}

it('compares an agent’s list with at most a thousand conditions, however many it raised', async () => {
  const who = await enrolRaw(await collector.token())
  const agent = await connectRaw(who)
  for (let first = 1; first <= 1_201; first += 50) {
    const raised = Array.from({ length: 50 }, (_, index) => signalRecord(rawSignal({ fingerprint: `condition-${first + index}` })))
    agent.records('signals', first, ...raised)
    await agent.hears('ack')
  }
  const nothing = { v: 1, type: 'standing', signals: [] }
  agent.records('signals', 1_251, nothing)
  await agent.hears('ack')
  expect(await clearedBy(who.endpointId)).toBe(1_000)
  agent.records('signals', 1_252, nothing)
  await agent.hears('ack')
  expect(await clearedBy(who.endpointId)).toBe(1_250)
  await agent.leave()
})
