import { policyJsonSchema } from '../../policy/written.ts'
import type { Act } from '../matrix/act.ts'

const act: Act = {
  usage: `  schema                              its JSON Schema, for editors
`,
  async run() {
    process.stdout.write(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`)
  },
}
export default act
