import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'kill -9 of the process that all agents of the swarm live in, and its start after a while',
  befalls: 'swarm',
  facet: 'process',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 0, longestMs / 2),
  befall: async ({ swarm }, { forMs }) => {
    await swarm?.side.alone(async () => {
      await swarm.side.kill()
      await sleep(forMs)
      swarm.side.start()
    })
    return ''
  },
})
