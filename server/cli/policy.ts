import { Fault } from '#shared/domain/fault.ts'
import type { Verb } from '../main.ts'
import type { Act } from './matrix/act.ts'
import check from './policy/check.ts'
import explain from './policy/explain.ts'
import put from './policy/put.ts'
import schema from './policy/schema.ts'
import show from './policy/show.ts'
import sign from './policy/sign.ts'

const acts: Record<string, Act> = { check, set: put, show, explain, sign, schema }

const usage = `Usage: npm run -s tierline -- policy ACT …

${Object.values(acts)
  .map(({ usage: text }) => text)
  .join('\n')}
A policy is a YAML file: what agents sense, how far they may go by themselves. Each entry is for the whole fleet, or for
what \`for\` names (organisation, site, tag, endpoint); the closer one wins.

  # yaml-language-server: $schema=./policy.schema.json
  policies:
    - health: { disk-full: { usedPercent: 85 }, battery-worn: off }
    - for: { tag: build }
      health: { cpu-busy: { lastsMinutes: 120 } }

Exit code 0: it is fine; 1: it isn't.
`

const verb: Verb = {
  summary: 'checks, puts, signs and explains what agents sense and may do',
  usage,
  async run([name, ...args]) {
    const act = name === undefined || !Object.hasOwn(acts, name) ? undefined : acts[name]
    if (!act) throw new Fault('flag-bad', `Say what to do with the policy: ${Object.keys(acts).join(', ')}. --help says more.`)
    await act.run(args)
  },
}
export default verb
