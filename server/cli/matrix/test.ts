import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { readRules } from '../../pipeline/keep.ts'
import { problemLine } from '../../route/matrix.ts'
import { type Act, named, readMatrix, readText } from './act.ts'
import { Cases } from './cases.ts'
import { type Difference, play } from './play.ts'
import { readYaml } from './read-yaml.ts'

const act: Act = {
  usage: `  test FILE CASES                     plays the cases of a YAML file, and says where it came out differently
`,
  async run(args) {
    const [file = '', casesFile = ''] = named(parseArgs({ args, allowPositionals: true }).positionals, 'a FILE', 'CASES')
    const rules = readRules(await readMatrix(file))
    const { cases, timeZone } = await mustRead(casesFile)
    const failed = cases.flatMap((each) => {
      const differences = play(rules, each, timeZone)
      return differences.length === 0 ? [] : [{ name: each.name, differences }]
    })
    for (const { name, differences } of failed) process.stdout.write(`✗ ${name}\n${differences.map(line).join('')}`)
    if (failed.length > 0) throw new Fault('cases-failed', `${failed.length} of ${cases.length} cases came out differently.`)
    process.stdout.write(`${cases.length} cases came out as expected.\n`)
  },
}
export default act

async function mustRead(file: string): Promise<Cases> {
  const read = readYaml(await readText(file), Cases)
  if (read.kind === 'good') return read.value
  throw new Fault('cases-bad', read.problems.map((problem) => problemLine(file, problem)).join('\n'))
}

const line = ({ what, expected, found }: Difference): string =>
  `    ${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}\n`
