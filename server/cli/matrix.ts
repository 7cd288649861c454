import { Fault } from '#shared/domain/fault.ts'
import type { Verb } from '../main.ts'
import type { Act } from './matrix/act.ts'
import check from './matrix/check.ts'
import diff from './matrix/diff.ts'
import explain from './matrix/explain.ts'
import put from './matrix/put.ts'
import replan from './matrix/replan.ts'
import replay from './matrix/replay.ts'
import schema from './matrix/schema.ts'
import show from './matrix/show.ts'
import simulate from './matrix/simulate.ts'
import test from './matrix/test.ts'

const acts: Record<string, Act> = { check, explain, test, diff, simulate, replay, show, set: put, replan, schema }

const usage = `Usage: npm run -s tierline -- matrix ACT …

${Object.values(acts)
  .map(({ usage: text }) => text)
  .join('\n')}
A matrix is a YAML file, such as the one that ships (server/route/default-matrix.yaml): copy it and change what you like.
With this as its first line editors complete it, where matrix.schema.json is what \`schema\` prints:

  # yaml-language-server: $schema=./matrix.schema.json

Exit code 0: it is fine, or all is as expected; 1: it isn't.
`

const verb: Verb = {
  summary: 'checks, tests, compares, simulates and puts the escalation matrix',
  usage,
  async run([name, ...args]) {
    const act = name === undefined || !Object.hasOwn(acts, name) ? undefined : acts[name]
    if (!act) throw new Fault('flag-bad', `Say what to do with the matrix: ${Object.keys(acts).join(', ')}. --help says more.`)
    await act.run(args)
  },
}
export default verb
