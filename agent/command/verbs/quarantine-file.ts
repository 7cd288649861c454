import quarantineFile from '#shared/commands/quarantine-file.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: quarantineFile,
  async run({ quarantine }, { path, sha256: expected }, order) {
    const done = await quarantine.seal(order.id, path, expected)
    if (done.kind === 'refused') return { outcome: 'refused', detail: done.reason }
    const { id: quarantineId, sha256, bytes } = done
    return { outcome: 'succeeded', detail: `${path} is sealed away (SHA-256 ${sha256})`, output: { quarantineId, sha256, bytes } }
  },
})
