import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'the disk of the collector is full for a while',
  befalls: 'collector',
  facet: 'disk',
  weight: 2,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs / 2),
  lacks: ({ isRoot, database }) => {
    if (!isRoot) return 'only root can mount a small disk'
    return database === 'sqlite' ? undefined : 'the database lies on a disk of its own'
  },
  befall: async (world, { forMs }) => {
    world.collector.disk.fill()
    await sleep(forMs)
    world.collector.disk.empty()
    return ''
  },
})
