import reachNeighbour from '#shared/commands/reach-neighbour.ts'
import type { NeighbourFound } from '#shared/domain/neighbours.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: reachNeighbour,
  async run({ neighbours }, { places }) {
    const output = await neighbours.reach(places)
    return { outcome: output.found === 'no-neighbour' ? 'refused' : 'succeeded', detail: sayings[output.found], output: { ...output } }
  },
})

const sayings: Record<NeighbourFound, string> = {
  unreached: 'it answered before and doesn’t now',
  reached: 'it still answers',
  'no-baseline': 'it doesn’t answer, and didn’t before either',
  'no-neighbour': 'none of these addresses is in a network of this machine’s own',
  unable: 'it could not be asked',
}
