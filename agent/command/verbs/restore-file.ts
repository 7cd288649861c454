import restoreFile from '#shared/commands/restore-file.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: restoreFile,
  async run({ quarantine }, { quarantineId }) {
    const done = await quarantine.restore(quarantineId)
    if (done.kind === 'refused') return { outcome: 'refused', detail: done.reason }
    return {
      outcome: 'succeeded',
      detail: `${done.path} is back${done.isStripped ? ', without its setuid and setgid bits' : ''}`,
      output: { path: done.path, sha256: done.sha256 },
    }
  },
})
