import { setTimeout as sleep } from 'node:timers/promises'
import { hours } from '#shared/domain/time.ts'
import { defineFault, mostlyShort } from '../fault.ts'

export default defineFault({
  says: 'the clock of an agent jumps an hour ahead or back, and after a while it is right again',
  befalls: 'agent',
  facet: 'clock',
  weight: 3,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs),
  lacks: ({ hasFaketime }) => (hasFaketime ? undefined : 'faketime is missing (package faketime)'),
  befall: async (world, { target, forMs, random }) => {
    const { clock } = world.agent(target)
    const isAhead = random.isTrue(0.5)
    clock.shift(isAhead ? hours(1) : -hours(1))
    await sleep(forMs)
    clock.shift(0)
    return isAhead ? 'it was an hour ahead' : 'it was an hour behind'
  },
})
