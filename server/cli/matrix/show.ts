import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { withStore } from '../start/store.ts'
import type { Act } from './act.ts'

const act: Act = {
  usage: `  show [VERSION]                      the one in force, or that version; without one also who put which, when
                                      [--data DIR] [--database URL]
`,
  async run(args) {
    const { data, database } = configFlags
    const { values, positionals } = parseArgs({ args, options: { data, database }, allowPositionals: true })
    const [wanted] = positionals
    if (wanted !== undefined && !/^\d+$/.test(wanted)) throw new Fault('flag-bad', `"${wanted}" is no version; write a number such as 3.`)
    await withStore(loadConfig(values, process.env), async ({ reader }) => {
      const versions = await reader.selectFrom('matrix_versions').selectAll().orderBy('version', 'desc').execute()
      const shown = wanted === undefined ? versions[0] : versions.find(({ version }) => version === Number(wanted))
      if (!shown)
        throw new Fault(
          'matrix-missing',
          wanted === undefined ? 'There is none yet: start the collector once.' : `There is no version ${wanted}.`,
        )
      process.stdout.write(shown.yaml)
      if (wanted !== undefined) return
      const people = new Map((await reader.selectFrom('people').select(['id', 'name']).execute()).map(({ id, name }) => [id, name]))
      for (const { version, author, created_at } of versions)
        process.stderr.write(`version ${version}, ${new Date(created_at).toISOString()}, by ${people.get(author) ?? author}\n`)
    })
  },
}
export default act
