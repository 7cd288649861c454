import rearmCanaries from '#shared/commands/rearm-canaries.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: rearmCanaries,
  async run({ rearm }) {
    const rearmed = await rearm()
    return { outcome: 'succeeded', detail: `${rearmed} decoy files are as they were`, output: { rearmed } }
  },
})
