import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'SIGSTOP of the collector, and SIGCONT after a while',
  befalls: 'collector',
  facet: 'process',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 500, longestMs),
  befall: (world, { forMs }) => {
    const { side } = world.collector
    return side.alone(async () => {
      side.signal('SIGSTOP')
      await sleep(forMs)
      side.signal('SIGCONT')
      return ''
    })
  },
})
