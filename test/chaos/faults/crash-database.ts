import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'PostgreSQL ends at once, as by a crash, and is started again after a while',
  befalls: 'collector',
  facet: 'disk',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 0, longestMs / 2),
  lacks: ({ database }) => (database === 'postgres' ? undefined : 'there is no database beside the collector'),
  befall: async ({ server }, { forMs }) => {
    await server?.crash()
    await sleep(forMs)
    await server?.start()
    return ''
  },
})
