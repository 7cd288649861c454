import { afterEach, beforeEach, expect, it } from 'vitest'
import { StandingPause } from '#shared/domain/standing.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { deliver } from '../../../server/command/standing/deliver.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addStanding } from '../http/standing-world.ts'

/* What machines may not do by themselves reaches them, ends by itself, and is said again while it is meant. */
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: { srv: 'server', ws: 'workstation' } })
  await addStanding(room.store, room.time.now(), { mark: 'acme', organisation: 'acme' })
  const signatures = JSON.stringify([{ operator: 'Anna', kid: 'anna', at: 1, jws: 'signed' }])
  await room.store.db.updateTable('standing_orders').set({ state: 'signed', signatures }).execute()
})
afterEach(() => room.close())

const round = () => room.store.db.transaction().execute((tx) => deliver(tx, room.store, room.time.now()))
const organisation = (is: { mode?: 'observe' | 'live'; stopped_until?: number | null; scripts_off?: 0 | 1 }) =>
  room.store.db.updateTable('organisations').set(is).where('id', '=', 'acme').execute()
/** In order, of the one machine that has an order. */
const told = async () => {
  const rows = await room.store.db.selectFrom('commands').select(['endpoint_id', 'args']).orderBy('id').execute()
  return rows.flatMap(({ endpoint_id, args }) => {
    const { pause } = JSON.parse(args) as { pause?: unknown }
    return pause === undefined ? [] : [{ endpoint_id, ...StandingPause.parse(pause) }]
  })
}

it('says nothing where nothing is paused', async () => {
  await round()
  expect(await told()).toEqual([])
})

it('of an organisation that observes is for a day, is said again at half of it, and ends at once when it is live', async () => {
  await organisation({ mode: 'observe' })
  const start = room.time.now()
  await round()
  await round()
  expect(await told()).toEqual([{ endpoint_id: 'srv', scripts: false, scriptsUntil: 0, isolationUntil: start + days(1) }])
  room.time.jump(hours(11))
  await round()
  expect(await told()).toHaveLength(1)
  room.time.jump(hours(2))
  await round()
  expect((await told()).at(-1)).toMatchObject({ isolationUntil: start + hours(13) + days(1) })
  await organisation({ mode: 'live' })
  await round()
  await round()
  expect((await told()).slice(2)).toMatchObject([{ isolationUntil: 0 }])
})

it('of the stop button ends with it, and of scripts lasts as long as they are off', async () => {
  const until = room.time.now() + minutes(30)
  await organisation({ stopped_until: until, scripts_off: 1 })
  await round()
  const start = room.time.now()
  expect(await told()).toMatchObject([{ scripts: true, scriptsUntil: start + days(1), isolationUntil: until }])
  room.time.jump(hours(13))
  await round()
  expect((await told()).at(-1)).toMatchObject({ scripts: true, scriptsUntil: start + hours(13) + days(1), isolationUntil: 0 })
  await organisation({ scripts_off: 0 })
  await round()
  expect((await told()).at(-1)).toMatchObject({ scripts: false, isolationUntil: 0 })
})
