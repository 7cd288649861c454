import { parseArgs } from 'node:util'
import { configFlags, loadConfig } from '../../config.ts'
import { keepVersion, readWorld } from '../../policy/policy.ts'
import { systemTime } from '../../system-time.ts'
import { type Act, named } from '../matrix/act.ts'
import { withStore } from '../start/store.ts'
import { readFileOf } from './check.ts'

const author = 'command line'

const act: Act = {
  usage: `  set FILE                            checks it and puts it; agents go by it within seconds when the collector runs, or once
                                      an operator signed it [--data DIR] [--database URL]
`,
  async run(args) {
    const { data, database } = configFlags
    const { values, positionals } = parseArgs({ args, options: { data, database }, allowPositionals: true })
    const [file = ''] = named(positionals, 'a FILE')
    await withStore(loadConfig(values, process.env), async ({ db }) => {
      const { yaml } = await readFileOf(file, await readWorld(db))
      const version = await keepVersion(db, yaml, author, systemTime.now())
      process.stdout.write(
        `Version ${version} is put. Where operators are named it waits for one of them (\`tierline policy sign\`); elsewhere the collector signs it.\n`,
      )
    })
  },
}
export default act
