import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'SIGSTOP of an agent, and SIGCONT after a while',
  befalls: 'agent',
  facet: 'process',
  weight: 5,
  lasts: (random, longestMs) => mostlyShort(random, 500, longestMs),
  befall: (world, { target, forMs }) => {
    const { side } = world.agent(target)
    return side.alone(async () => {
      side.signal('SIGSTOP')
      await sleep(forMs)
      side.signal('SIGCONT')
      return ''
    })
  },
})
