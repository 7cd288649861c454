import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { openMatrices } from '../../desk/matrices.ts'
import { problemLine } from '../../route/matrix.ts'
import { systemTime } from '../../system-time.ts'
import { withStore } from '../start/store.ts'
import { type Act, named, readMatrix } from './act.ts'

const author = 'command line'

const act: Act = {
  usage: `  set FILE                            checks it and puts it in force, within seconds when the collector runs; tickets
                                      that are open keep the plan they opened under [--data DIR] [--database URL]
`,
  async run(args) {
    const { data, database } = configFlags
    const { values, positionals } = parseArgs({ args, options: { data, database }, allowPositionals: true })
    const [file = ''] = named(positionals, 'a FILE')
    const { yaml } = await readMatrix(file)
    await withStore(loadConfig(values, process.env), async (store) => {
      const outcome = await (await openMatrices({ store, time: systemTime })).put(yaml, author)
      if (outcome.kind !== 'kept') throw new Fault('matrix-bad', `${file} was not taken.`)
      for (const warning of outcome.warnings) process.stdout.write(`${problemLine(file, warning)} (warning)\n`)
      process.stdout.write(
        `Version ${outcome.matrix.version} is in force. A collector that was started with --matrix stays with its file.\n`,
      )
    })
  },
}
export default act
