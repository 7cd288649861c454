import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'the disk of an agent is full for a while',
  befalls: 'agent',
  facet: 'disk',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs / 2),
  lacks: ({ isRoot }) => (isRoot ? undefined : 'only root can mount a small disk'),
  befall: async (world, { target, forMs }) => {
    const { disk, note } = world.agent(target)
    note({ what: 'full' })
    disk.fill()
    await sleep(forMs)
    disk.empty()
    return ''
  },
})
