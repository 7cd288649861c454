import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { type Act, named, printable, rulesOf } from './act.ts'

const act: Act = {
  usage: `  check FOLDER [--placeholders FILE] [--strict] [--json]
                     which rules can be used, and of each that can't its id, its file and why
`,
  async run(args) {
    const options = { placeholders: { type: 'string' }, strict: { type: 'boolean' }, json: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [folder = ''] = named(positionals, 'a FOLDER')
    const { rules, correlations, refused } = await rulesOf(folder, values.placeholders)
    if (values.json)
      process.stdout.write(`${JSON.stringify({ rules: rules.length, correlations: correlations.length, refused }, null, 2)}\n`)
    else {
      for (const { id, file, reason } of refused) process.stdout.write(`not used: ${printable(`${id} (${file}), because ${reason}`)}\n`)
      process.stdout.write(`${rules.length} rules and ${correlations.length} correlations can be used; ${refused.length} are not.\n`)
    }
    if (rules.length + correlations.length === 0) throw new Fault('rules-none', `There is no rule in ${folder} that can be used.`)
    if (values.strict && refused.length > 0) throw new Fault('rules-refused', 'Not all rules can be used, and --strict asks for all.')
  },
}
export default act
