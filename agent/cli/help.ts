import { readdirSync } from 'node:fs'
import { loadVerb, type Verb } from '../main.ts'

const flags = `
  --data DIR          where identity and spool lie (default: tierline-data/agent, or TIERLINE_AGENT_DATA)
  --canaries DIR      a folder that gets decoy files; may be given again (default: canaries in the data folder)
  --trial             on somebody's own machine: never isolates
  --allow-isolation   isolates all the same, in a trial
  --drill             with isolate: for 60 s, and opens again by itself
`

const help: Verb = {
  summary: 'says what there is',
  async run() {
    const names = readdirSync(import.meta.dirname).map((file) => file.replace(/\.ts$/, ''))
    const lines = await Promise.all(names.map(async (name) => `  ${name.padEnd(20)}${(await loadVerb(name)).summary}\n`))
    process.stdout.write(`Usage: npm run -s agent -- VERB [flags]\n\n${lines.join('')}${flags}`)
  },
}
export default help
