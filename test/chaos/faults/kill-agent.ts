import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'kill -9 of an agent, and its start after a while',
  befalls: 'agent',
  facet: 'process',
  weight: 8,
  lasts: (random, longestMs) => mostlyShort(random, 0, longestMs / 2),
  befall: (world, { target, forMs }) => {
    const agent = world.agent(target)
    return agent.side.alone(async () => {
      await agent.kill()
      await sleep(forMs)
      agent.side.start()
      return ''
    })
  },
})
