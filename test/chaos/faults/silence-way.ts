import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'nothing passes, in one direction or in both; then what waited comes late, or the connection is reset',
  befalls: 'way',
  facet: 'way',
  weight: 6,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs),
  befall: async (world, { target, forMs, random }) => {
    const way = world.way(target)
    const directions = random.pick([['up'], ['down'], ['up', 'down']] as const)
    for (const direction of directions) way.silence(direction, true)
    await sleep(forMs)
    const endsInReset = random.isTrue(0.4)
    if (endsInReset) way.reset()
    for (const direction of directions) way.silence(direction, false)
    return `${directions.join(' and ')}${endsInReset ? ', then reset' : ''}`
  },
})
