import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault } from '../fault.ts'

export default defineFault({
  says: 'connections are reset, new ones too for a while',
  befalls: 'way',
  facet: 'way',
  weight: 6,
  lasts: (random, longestMs) => (random.isTrue(0.5) ? 0 : random.whole(0, longestMs / 6)),
  befall: async (world, { target, forMs }) => {
    const way = world.way(target)
    if (forMs === 0) way.reset()
    else way.refuse(true)
    await sleep(forMs)
    way.refuse(false)
    return ''
  },
})
