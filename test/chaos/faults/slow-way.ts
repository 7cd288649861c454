import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'every piece comes late, or few bytes pass in a second',
  befalls: 'way',
  facet: 'way',
  weight: 4,
  lasts: (random, longestMs) => mostlyShort(random, 2_000, longestMs),
  befall: async (world, { target, forMs, random }) => {
    const way = world.way(target)
    const delayMs = random.whole(50, 2_500)
    const isThrottled = random.isTrue(0.4)
    if (isThrottled) way.throttle(random.whole(500, 20_000))
    else {
      way.delay('up', delayMs)
      way.delay('down', random.whole(0, delayMs))
    }
    await sleep(forMs)
    way.throttle(0)
    way.delay('up', 0)
    way.delay('down', 0)
    return isThrottled ? 'throttled' : `by ${delayMs} ms`
  },
})
