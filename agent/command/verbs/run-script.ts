import { createHash } from 'node:crypto'
import runScriptCommand from '#shared/commands/run-script.ts'
import { seconds } from '#shared/domain/time.ts'
import { runScript } from '../script.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: runScriptCommand,
  async run({ scriptsFolder, host, time }, { script, interpreter, sha256, timeoutSeconds }, _order, live) {
    const found = createHash('sha256').update(script).digest('hex')
    if (found !== sha256) return { outcome: 'refused', detail: `the script is not the one that was named: its hash is ${found}` }
    const ended = await runScript(scriptsFolder, { text: script, interpreter }, seconds(timeoutSeconds), { host, time, live })
    const how = ended.endedBy === 'itself' ? `it ended with code ${ended.exitCode}` : `it was ended after ${timeoutSeconds} s`
    const detail = `${how}${ended.isCut ? '; its output was cut' : ''}`
    return { outcome: ended.exitCode === 0 ? 'succeeded' : 'failed', detail, output: { ...ended } }
  },
})
