import { hostname, platform } from 'node:os'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { makeReleaseSecret } from '../at-machine.ts'
import { enrol } from '../identity/enrol.ts'
import { openIdentity } from '../identity/identity.ts'
import type { Verb } from '../main.ts'
import { platformOf } from '../platform.ts'
import { systemTime } from '../system-time.ts'

/** The token comes by stdin: an argument could be read by everybody on the machine. */
const verb: Verb = {
  summary: 'reads an enrolment token from stdin and makes this machine an endpoint',
  async run({ dataDir }) {
    if (process.stdin.isTTY) process.stderr.write('Paste the enrolment token, then press Enter: ')
    const token = await firstLine()
    const outcome = await enrol({ token, dataDir, hostname: hostname(), platform: platformOf(platform()) })
    if (outcome.kind === 'refused') throw new Fault(outcome.code, `Not enrolled: ${outcome.message} (${outcome.code}).`)
    await sealSecret(dataDir)
    process.stdout.write(`Enrolled with ${outcome.collector} as endpoint ${outcome.endpointId}.\n`)
  },
}
export default verb

/** What it can't write now, the first run makes up for. */
async function sealSecret(dataDir: string): Promise<void> {
  const log = pino({ level: 'warn' }, pino.destination(2))
  const identity = await openIdentity({ dataDir, time: systemTime, log })
  await makeReleaseSecret(dataDir, identity, log).catch((error: unknown) => {
    log.warn({ reason: sentenceOf(error) }, 'the release secret is sealed at the first run')
  })
  identity.stop()
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) if (line.trim() !== '') return line
  return ''
}
