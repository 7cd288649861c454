import { readdirSync } from 'node:fs'
import { loadVerb, type Verb } from '../main.ts'

const usage = `Usage: npm run -s tierline -- VERB [flags]

Each verb says more with --help.
`

const help: Verb = {
  summary: 'says what there is',
  usage,
  async run() {
    const names = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -'.ts'.length))
    const lines = await Promise.all(names.map(async (name) => `  ${name.padEnd(13)}${(await loadVerb(name)).summary}\n`))
    process.stdout.write(`${usage}\n${lines.join('')}`)
  },
}
export default help
