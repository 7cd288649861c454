import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { newestVersion } from '../../policy/policy.ts'
import type { Act } from '../matrix/act.ts'
import { withStore } from '../start/store.ts'

const act: Act = {
  usage: `  show                                the text that was put last [--data DIR] [--database URL]
`,
  async run(args) {
    const { data, database } = configFlags
    const { values } = parseArgs({ args, options: { data, database } })
    await withStore(loadConfig(values, process.env), async ({ db }) => {
      const newest = await newestVersion(db)
      if (!newest) throw new Fault('policy-missing', 'Nobody has put a policy; agents go by what ships.')
      process.stdout.write(newest.yaml)
    })
  },
}
export default act
