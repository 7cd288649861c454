import { matrixJsonSchema } from '../../route/json-schema.ts'
import type { Act } from './act.ts'

const act: Act = {
  usage: `  schema                              its JSON Schema, for editors
`,
  async run() {
    process.stdout.write(`${JSON.stringify(matrixJsonSchema(), null, 2)}\n`)
  },
}
export default act
