import { keptHeads } from '../identity/audit-heads.ts'
import type { Verb } from '../main.ts'

/** For who doubts the collector's audit: `tierline audit verify --heads FILE` reads this. */
const verb: Verb = {
  summary: 'prints the heads of the collector’s audit that this agent was given',
  async run({ dataDir }) {
    for (const line of keptHeads(dataDir)) process.stdout.write(`${line}\n`)
  },
}
export default verb
