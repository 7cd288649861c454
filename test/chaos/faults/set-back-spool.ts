import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { copySpool, damageSpool, setBackSpool, toldOf } from '../damage.ts'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'the spool is copied as it is at one instant; a while later the agent is killed and finds that copy',
  befalls: 'agent',
  facet: 'process',
  weight: 4,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs),
  befall: (world, { target, forMs }) => {
    const agent = world.agent(target)
    const copy = join(world.folder, `${target}.spool-copy`)
    return agent.side.alone(async () => {
      agent.side.signal('SIGSTOP')
      copySpool(agent.spoolDir, copy)
      agent.side.signal('SIGCONT')
      await sleep(forMs)
      await agent.kill()
      const damage = await damageSpool({ agent, collector: world.collector }, 'set-back-spool', () => setBackSpool(agent.spoolDir, copy))
      agent.side.start()
      return toldOf(damage)
    })
  },
})
