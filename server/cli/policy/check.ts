import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { readPolicy } from '../../desk/policy-text.ts'
import type { PolicyWorld } from '../../policy/policy.ts'
import { problemLine } from '../../route/matrix.ts'
import { type Act, named, readText } from '../matrix/act.ts'

/** @throws Fault with a line for each error. */
export async function readFileOf(file: string, world?: PolicyWorld) {
  const yaml = await readText(file)
  const read = readPolicy(yaml, world)
  if (read.kind === 'policy') return { ...read, yaml }
  throw new Fault('policy-bad', read.problems.map((problem) => problemLine(file, problem)).join('\n'))
}

const act: Act = {
  usage: `  check FILE                          what is wrong with it, each with line and column
`,
  async run(args) {
    const [file = ''] = named(parseArgs({ args, allowPositionals: true }).positionals, 'a FILE')
    const { document } = await readFileOf(file)
    process.stdout.write(`${file} is good: ${document.policies.length} entries. Whether what it names exists, \`set\` looks up.\n`)
  },
}
export default act
