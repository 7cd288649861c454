import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { createLedgers } from '../../../server/desk/ledgers.ts'
import { readTold } from '../../../server/http/reads/figures.ts'
import { createView } from '../../../server/http/view.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/* Monday 09:00 in Berlin. */

const person = { id: 'person-1', name: 'Ada' }
let room: DeskRoom
let from: number
beforeEach(async () => {
  room = await openDeskRoom()
  from = room.time.now()
})
afterEach(() => room.close())

const act = async (fingerprint: string) => {
  const { id, version } = await room.store.db
    .selectFrom('tickets')
    .selectAll()
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirstOrThrow()
  return { ticketId: id, version, person }
}
const figures = async (by: 'organisation' | 'team' | 'day' | 'week' | 'month', scope = 'all', team?: string) => {
  const to = room.time.now() + 1
  const told = await readTold(createView(room.store.reader, scope), { from, to })
  return createLedgers({ rules: readRules(room.matrix) }).figuresOf(told, { from, to, by, team }, to)
}

describe('the figures of a desk', () => {
  it('are what stands on its timelines', async () => {
    // A P3 and a P2, both in tier2; the less pressing one is taken first.
    await room.signals(
      { endpointId: 'core', fingerprint: 'mild', kind: 'health.memory.pressure' },
      { endpointId: 'srv', fingerprint: 'bad', kind: 'health.service.down', severity: 'high' },
    )
    await room.store.db.updateTable('tickets').set({ team: 'tier2', tier: 'tier2' }).execute()
    await room.signals({ endpointId: 'srv', fingerprint: 'easy' })
    await room.time.advance(minutes(10))
    await room.desk.acknowledge(await act('easy'))
    await room.time.advance(minutes(10))
    await room.desk.resolve({ ...(await act('easy')), resolution: 'fixed', note: '' })
    await room.time.advance(minutes(20))
    await room.desk.acknowledge(await act('bad'))
    await room.time.advance(minutes(60))
    await room.desk.escalate({ ...(await act('bad')), reason: 'expertise', tried: 'All', hypothesis: '', mayLeaveSecurity: false })
    room.time.jump(days(1))
    await room.desk.resolve({ ...(await act('bad')), resolution: 'fixed', note: '' })
    await room.desk.reopen({ ...(await act('bad')), note: 'Not yet' })

    const { total, groups } = await figures('team')
    expect(total).toMatchObject({
      ...{ opened: 3, resolved: 2, reopened: 1, escalations: { expertise: 1 } },
      response: { count: 2, p50Ms: minutes(10), p90Ms: minutes(40), averageMs: minutes(25) },
      ...{ sameDay: { count: 1, share: 0.5 }, solvedInTier1: { count: 1, share: 0.5 } },
      // Kept: both of the easy one; broken: to answer the bad one in time.
      promises: { kept: 2 },
      workedMs: minutes(70),
    })
    expect(total.promises.broken).toBeGreaterThan(0)
    expect(groups.map(({ key }) => key)).toEqual(['tier1', 'tier2', 'tier3'])
    expect(groups[0]?.figures).toMatchObject({ opened: 1, resolved: 1, workedMs: minutes(10) })
    expect(groups[1]?.figures).toMatchObject({ opened: 2, escalations: { expertise: 1 }, workedMs: minutes(60) })
    expect((await figures('day')).groups.map(({ key }) => key)).toEqual(['2026-11-23', '2026-11-24'])
    expect((await figures('month')).groups.map(({ key }) => key)).toEqual(['2026-11'])
    expect((await figures('organisation', 'other')).total.opened).toBe(0)
  })

  it('count what is under another ticket once, on that one; what stands alone again counts for itself', async () => {
    const down = { kind: 'health.service.down', fingerprint: 'down', severity: 'high' as const }
    await room.signals(...['ws', 'srv', 'core'].map((endpointId) => ({ ...down, endpointId })))
    const [over] = await room.store.db.selectFrom('tickets').selectAll().where('gathers', '=', 'site').execute()
    expect(await room.store.db.selectFrom('tickets').select('id').execute()).toHaveLength(4)
    expect((await figures('team')).total.opened).toBe(1)
    await room.time.advance(minutes(5))
    const ending = { ticketId: over?.id ?? '', version: over?.version ?? 0, person }
    await room.desk.children({ ...ending, act: 'raise', note: '' } as never)
    await room.timers.idle()
    expect((await figures('team')).total).toMatchObject({ opened: 4, resolved: 0 })
  })

  it('end with the ticket over them', async () => {
    const down = { kind: 'health.service.down', fingerprint: 'down', severity: 'high' as const }
    await room.signals(...['ws', 'srv', 'core'].map((endpointId) => ({ ...down, endpointId })))
    await room.time.advance(minutes(5))
    const [over] = await room.store.db.selectFrom('tickets').selectAll().where('gathers', '=', 'site').execute()
    const ending = { ticketId: over?.id ?? '', version: over?.version ?? 0, person }
    await room.desk.children({ ...ending, act: 'close', resolution: 'fixed', note: 'The switch' } as never)
    await room.timers.idle()
    const open = await room.store.db.selectFrom('tickets').select('id').where('resolved_at', 'is', null).execute()
    expect(open).toEqual([])
    expect((await figures('team')).total).toMatchObject({ opened: 1, resolved: 1, response: { count: 1 } })
  })

  it('know how long the more pressing lay behind the less pressing', async () => {
    await room.signals({ endpointId: 'srv', fingerprint: 'bad', kind: 'health.service.down', severity: 'high' })
    await room.signals({ endpointId: 'srv', fingerprint: 'mild', kind: 'health.memory.pressure' })
    await room.time.advance(minutes(5))
    await room.desk.acknowledge(await act('mild'))
    await room.time.advance(minutes(15))
    await room.desk.acknowledge(await act('bad'))
    await room.time.advance(hours(1))
    expect((await figures('team')).total.waitedBehindMs).toBe(minutes(15))
    expect((await figures('team', 'all', 'tier1')).total.waitedBehindMs).toBe(0)
  })
})

it('are counted in bites, so that others have their turn meanwhile', async () => {
  await room.signals({ endpointId: 'srv', fingerprint: 'easy' })
  const to = room.time.now() + 1
  const [one] = await readTold(createView(room.store.reader, 'all'), { from, to })
  const told = Array.from({ length: 3_000 }, (_, nth) => ({
    id: `${nth}`,
    organisationId: 'acme',
    timeZone: 'UTC',
    entries: one?.entries ?? [],
  }))
  let turns = 0
  const others = setInterval(() => (turns += 1), 0)
  const { total } = await createLedgers({ rules: readRules(room.matrix) }).figuresOf(told, { from, to, by: 'week' }, to)
  clearInterval(others)
  expect(total.opened).toBe(3_000)
  expect(turns).toBeGreaterThan(5)
})
