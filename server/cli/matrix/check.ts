import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { loadMatrix, problemLine } from '../../route/matrix.ts'
import { type Act, named } from './act.ts'

const act: Act = {
  usage: `  check FILE                          what is wrong with it, each with line and column
`,
  async run(args) {
    const [file = ''] = named(parseArgs({ args, allowPositionals: true }).positionals, 'a FILE')
    const loaded = await loadMatrix(file)
    if (loaded.kind === 'bad') throw new Fault('matrix-bad', loaded.problems.map((problem) => problemLine(file, problem)).join('\n'))
    const { matrix, warnings } = loaded
    for (const warning of warnings) process.stdout.write(`${problemLine(file, warning)} (warning)\n`)
    process.stdout.write(`${file} is good: ${matrix.routes.length} routes, ${Object.keys(matrix.teams).length} teams.\n`)
  },
}
export default act
