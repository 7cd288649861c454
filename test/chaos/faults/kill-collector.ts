import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'kill -9 of the collector, and its start after a while',
  befalls: 'collector',
  facet: 'process',
  weight: 4,
  lasts: (random, longestMs) => mostlyShort(random, 0, longestMs / 2),
  befall: ({ collector }, { forMs }) =>
    collector.side.alone(async () => {
      await collector.side.kill()
      await sleep(forMs)
      collector.side.start()
      return ''
    }),
})
