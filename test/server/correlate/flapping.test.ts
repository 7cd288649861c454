import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'

let room: DeskRoom

beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const turn = (state: 'raised' | 'cleared', more: Partial<PlacedSignal> = {}) =>
  room.signals({ state, kind: 'health.service.down', ...more })
const pass = async (ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= minutes(1)) {
    room.time.jump(Math.min(left, minutes(1)))
    await room.timers.idle()
    await room.pipeline.idle()
  }
}
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const only = async () => {
  const [one, ...others] = await tickets()
  if (!one || others.length > 0) throw new Error('there is not one ticket')
  return one
}
const said = async (kind: string) =>
  (await room.store.db.selectFrom('timeline').selectAll().orderBy('id').execute()).flatMap((row) =>
    row.kind === kind ? (JSON.parse(row.body) as Record<string, unknown>) : [],
  )

/** Five changes, four minutes apart: it ends as true as it began. */
async function comeAndGo(): Promise<void> {
  for (const state of ['raised', 'cleared', 'raised', 'cleared', 'raised'] as const) {
    await turn(state)
    await pass(minutes(4))
  }
}

describe('what comes and goes', () => {
  it('is one ticket that counts, and says once that it comes and goes', async () => {
    await comeAndGo()
    await turn('cleared')
    await turn('raised')
    expect(await only()).toMatchObject({ occurrences: 4, status: 'new', is_standing: 1 })
    expect(await said('flapping')).toEqual([{ changes: 5, withinMs: minutes(60), quietMs: minutes(60) }])
    expect(await said('reopened')).toEqual([])
  })

  it('closes after an hour of quiet, and not after ten minutes', async () => {
    await comeAndGo()
    await turn('cleared')
    await pass(minutes(59))
    expect(await only()).toMatchObject({ status: 'new' })
    await pass(minutes(2))
    expect(await only()).toMatchObject({ status: 'resolved', resolution: 'cleared' })
  })

  it('closes after ten minutes while it changed four times only, or more slowly', async () => {
    for (const state of ['raised', 'cleared', 'raised', 'cleared'] as const) {
      await turn(state)
      await pass(minutes(4))
    }
    await pass(minutes(8))
    expect(await only()).toMatchObject({ status: 'resolved' })
    for (const state of ['raised', 'cleared', 'raised', 'cleared', 'raised', 'cleared'] as const) {
      await turn(state, { fingerprint: 'slow' })
      await pass(state === 'raised' ? minutes(30) : minutes(11))
    }
    expect((await tickets()).map(({ status }) => status)).toEqual(['resolved', 'resolved'])
    expect(await said('flapping')).toEqual([])
  })

  it('counts changes over a close, within one round, and over a restart', async () => {
    await turn('raised')
    await turn('cleared')
    await pass(minutes(11))
    expect(await only()).toMatchObject({ status: 'resolved' })
    room = await room.restart()
    await room.signals(...(['raised', 'cleared', 'raised', 'cleared'] as const).map((state) => ({ state, kind: 'health.service.down' })))
    await pass(minutes(30))
    expect(await only()).toMatchObject({ status: 'new', is_standing: 0, occurrences: 3 })
    expect(await said('flapping')).toHaveLength(1)
  })

  it('keeps the ticket of its site open as long', async () => {
    await room.close()
    room = await openDeskRoom({ roles: { one: 'workstation', two: 'workstation', three: 'workstation' } })
    for (const endpointId of ['one', 'two', 'three']) await turn('raised', { endpointId })
    for (const state of ['cleared', 'raised', 'cleared', 'raised', 'cleared'] as const) await turn(state, { endpointId: 'one' })
    for (const endpointId of ['two', 'three']) await turn('cleared', { endpointId })
    await pass(minutes(30))
    const over = async () => (await tickets()).find(({ gathers }) => gathers === 'site')
    expect(await over()).toMatchObject({ status: 'new' })
    await pass(minutes(32))
    expect(await over()).toMatchObject({ status: 'resolved' })
  })

  it('of security counts as well, and never closes by itself', async () => {
    for (const state of ['raised', 'cleared', 'raised', 'cleared', 'raised', 'cleared'] as const)
      await turn(state, { kind: 'security.agent.tampered', severity: 'high' })
    await pass(minutes(90))
    expect(await only()).toMatchObject({ status: 'new', occurrences: 3 })
    expect(await said('flapping')).toHaveLength(1)
  })
})
