import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'SIGSTOP of the swarm, and SIGCONT after a while',
  befalls: 'swarm',
  facet: 'process',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 500, longestMs),
  befall: async ({ swarm }, { forMs }) => {
    await swarm?.side.alone(async () => {
      swarm.side.signal('SIGSTOP')
      await sleep(forMs)
      swarm.side.signal('SIGCONT')
    })
    return ''
  },
})
