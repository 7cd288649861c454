import { Fault } from '#shared/domain/fault.ts'
import type { Verb } from '../main.ts'
import type { Act } from './sigma/act.ts'
import check from './sigma/check.ts'
import run from './sigma/run.ts'

const acts: Record<string, Act> = { check, run }

const usage = `Usage: npm run -s tierline -- sigma ACT …

${Object.values(acts)
  .map(({ usage: text }) => text)
  .join('\n')}
FOLDER holds rules in Sigma's format, one or several in each .yml file, in folders or not. A rule that can't be honoured is listed with its
reason and never answers no. FILE is JSON with the texts for placeholders: {"Admins": ["alice", "bob"]}.
`

const verb: Verb = {
  summary: 'checks rules in Sigma’s format, and runs them on recorded events',
  usage,
  async run([name, ...args]) {
    const act = name === undefined || !Object.hasOwn(acts, name) ? undefined : acts[name]
    if (!act) throw new Fault('flag-bad', `Say what to do with the rules: ${Object.keys(acts).join(', ')}. --help says more.`)
    await act.run(args)
  },
}
export default verb
