import { hostname, platform } from 'node:os'
import { createInterface } from 'node:readline'
import { Fault } from '#shared/domain/fault.ts'
import { enrol } from '../identity/enrol.ts'
import type { Verb } from '../main.ts'
import { platformOf } from '../platform.ts'

/** The token comes by stdin: an argument could be read by everybody on the machine. */
const verb: Verb = {
  summary: 'reads an enrolment token from stdin and makes this machine an endpoint',
  async run({ dataDir }) {
    if (process.stdin.isTTY) process.stderr.write('Paste the enrolment token, then press Enter: ')
    const token = await firstLine()
    const outcome = await enrol({ token, dataDir, hostname: hostname(), platform: platformOf(platform()) })
    if (outcome.kind === 'refused') throw new Fault(outcome.code, `Not enrolled: ${outcome.message} (${outcome.code}).`)
    process.stdout.write(`Enrolled with ${outcome.collector} as endpoint ${outcome.endpointId}.\n`)
  },
}
export default verb

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) if (line.trim() !== '') return line
  return ''
}
