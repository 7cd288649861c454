import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'the disk of PostgreSQL is full for a while; if it ended by that, it is started again',
  befalls: 'collector',
  facet: 'disk',
  weight: 2,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs / 2),
  lacks: ({ isRoot, database }) => {
    if (!isRoot) return 'only root can mount a small disk'
    return database === 'postgres' ? undefined : 'there is no database beside the collector'
  },
  befall: async ({ server }, { forMs }) => {
    server?.fillDisk()
    await sleep(forMs)
    server?.emptyDisk()
    await server?.start()
    return ''
  },
})
