import { expect, it } from 'vitest'
import { startTestCollector } from '../../support/collector.ts'
import { connectRaw, enrolRaw } from '../../support/raw-agent.ts'

it('opens one ticket of the administrators for what an agent lost, however often it loses', async () => {
  await using collector = await startTestCollector()
  const agent = await connectRaw(await enrolRaw(await collector.token()))
  for (const [lane, to] of [
    ['signals', 3],
    ['security', 1],
    ['signals', 5],
    ['samples', 9],
  ] as const) {
    agent.say({ kind: 'skipped', epoch: 'epoch-one', lane, from: 1, to, why: 'the disk was full' })
    await agent.hears('ack')
  }
  const tickets = async () => {
    await collector.pipeline.idle()
    return collector.store.db.selectFrom('tickets').selectAll().execute()
  }
  await expect
    .poll(tickets, { timeout: 10_000 })
    .toMatchObject([
      { kind: 'system.agent.signals-lost', team: 'admin', tier: 'tier3', priority: 'P2', severity: 'high', occurrences: 3, status: 'new' },
    ])
  await agent.leave()
})
