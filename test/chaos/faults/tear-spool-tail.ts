import { setTimeout as sleep } from 'node:timers/promises'
import { damageSpool, tearTail, toldOf } from '../damage.ts'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'kill -9 of an agent, whose spool then lacks its last bytes, or ends in garbage',
  befalls: 'agent',
  facet: 'process',
  weight: 4,
  lasts: (random, longestMs) => mostlyShort(random, 0, longestMs / 4),
  befall: (world, { target, forMs, random }) => {
    const agent = world.agent(target)
    return agent.side.alone(async () => {
      await agent.kill()
      const damage = await damageSpool({ agent, collector: world.collector }, 'tear-spool-tail', () => tearTail(agent.spoolDir, random))
      await sleep(forMs)
      agent.side.start()
      return toldOf(damage)
    })
  },
})
