import { afterEach, beforeEach, expect, it } from 'vitest'
import { openPreviews, type Previews } from '../../../server/desk/previews.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
let previews: Previews

beforeEach(async () => {
  room = await openDeskRoom({ mode: 'observe' })
  previews = openPreviews(room.store.url())
})
afterEach(async () => {
  await previews.stop()
  await room.close()
})

const asked = (organisationId: string) => ({ organisationId, matrixVersion: room.matrix.version, now: room.time.now() })

it('is played once for all who ask for it meanwhile, and anew for who asks afterwards', async () => {
  const [one, same] = [previews.of(asked('acme')), previews.of(asked('acme'))]
  expect(same).toBe(one)
  const other = previews.of(asked('other'))
  expect(await Promise.all([one, other])).toMatchObject([{ tickets: 0 }, { tickets: 0 }])
  await room.signals({ kind: 'health.disk.full' })
  expect(await previews.of(asked('acme'))).toMatchObject({ tickets: 1 })
})

it('tells who waits that the collector stops, and plays no more', async () => {
  const waits = [previews.of(asked('acme')), previews.of(asked('other'))].map((each) => expect(each).rejects.toThrow('ask again'))
  await previews.stop()
  await Promise.all(waits)
  await expect(previews.of(asked('acme'))).rejects.toThrow('ask again')
})

it('says what is wrong when it can’t be played, and plays the next one', async () => {
  await expect(previews.of({ ...asked('acme'), matrixVersion: 99 })).rejects.toThrow('no result')
  expect(await previews.of(asked('acme'))).toMatchObject({ tickets: 0 })
})
