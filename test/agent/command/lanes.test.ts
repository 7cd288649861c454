import { expect, it } from 'vitest'
import { Lanes } from '../../../agent/command/lanes.ts'

it('two of a verb run, the next when one of them is done, in order; another verb waits for neither', async () => {
  const lanes = new Lanes()
  const [first, second, third, fourth] = Array.from({ length: 4 }, () => lanes.enter('run-script'))
  expect([first?.kind, second?.kind, third?.kind, lanes.enter('reboot').kind]).toEqual(['free', 'free', 'waits', 'free'])
  const began: string[] = []
  if (first?.kind !== 'free' || third?.kind !== 'waits' || fourth?.kind !== 'waits') throw new Error('not as expected')
  void fourth.turn.then(() => began.push('fourth'))
  first.leave()
  const leave = await third.turn
  expect(began).toEqual([])
  leave?.()
  await fourth.turn
  expect(began).toEqual(['fourth'])
})

it('is bounded, and whoever waits when it closes never has a turn', async () => {
  const lanes = new Lanes()
  const places = Array.from({ length: 67 }, () => lanes.enter('run-script'))
  expect(places.filter(({ kind }) => kind === 'waits')).toHaveLength(64)
  expect(places.at(-1)).toEqual({ kind: 'full' })
  lanes.close()
  for (const place of places) if (place.kind === 'waits') expect(await place.turn).toBeUndefined()
})
