import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Verb } from '../main.ts'
import { type AgentProgram, enrolAgent, keepRunning } from './start/agent-child.ts'
import { anotherMachine } from './start/another-machine.ts'
import { openCollector, type Started, top } from './start/collector.ts'
import { startFlags, startUsage } from './start/flags.ts'
import { shellQuoted, table } from './start/print.ts'
import { dialsCollector, isEnrolled, type ThisMachine, untilHeard } from './start/this-machine.ts'
import { stopInTime, untilStopped } from './start/until-stopped.ts'

const usage = `Usage: npm start -- [flags]

Starts the collector and one agent on this same machine, until Ctrl-C.

${startUsage}  --allow-isolation   the agent may cut this machine off; an organisation made now is live
  --no-agent          the collector alone
`

const verb: Verb = {
  summary: 'starts the collector and one agent on this machine (npm start)',
  usage,
  async run(args) {
    const options = { ...startFlags, 'allow-isolation': { type: 'boolean' }, 'no-agent': { type: 'boolean' } } as const
    const { 'reset-admin': reset, 'allow-isolation': allow, 'no-agent': alone, ...flags } = parseArgs({ args, options }).values
    const stopped = untilStopped()
    // The lines below are for people; what goes wrong still appears between them.
    const started = await openCollector({
      flags: { 'log-level': process.env.TIERLINE_LOG_LEVEL ?? 'warn', ...flags },
      isAdminReset: reset ?? false,
      firstMode: allow ? 'live' : 'observe',
    })
    const agent = alone ? undefined : await startAgent(started, allow ?? false)
    const rows = { ...started.rows, ...agent?.rows, 'Another machine': await anotherMachine(started) }
    process.stdout.write(`\n${table(rows)}\nCtrl-C stops ${agent ? 'both' : 'it'}.\n`)
    const signal = await stopped
    process.stdout.write('\nStopping …\n')
    await stopInTime([async () => agent?.child.stop(signal), () => started.collector.stop()])
  },
}
export default verb

async function startAgent({ collector, config }: Started, isIsolationAllowed: boolean) {
  const program: AgentProgram = { top, dataDir: join(config.dataDir, 'agent'), isIsolationAllowed }
  if (isEnrolled(program.dataDir)) {
    dialsCollector(program.dataDir, collector.agentsUrl)
  } else {
    const { organisationId, agentsUrl: collectorUrl } = collector
    const { token } = await collector.identity.createToken({ organisationId, collectorUrl, createdBy: 'system' })
    await enrolAgent(program, token)
  }
  const child = keepRunning(program)
  return { child, rows: rowsOf(await untilHeard(collector.store, program.dataDir)) }
}

function rowsOf(machine: ThisMachine | undefined): Record<string, string | string[]> {
  if (!machine) return { 'This machine': 'is not connected yet; its agent goes on trying' }
  const [canary] = machine.canaries
  const toTry = canary === undefined ? 'no decoy could be laid' : `echo x >> ${shellQuoted(canary)}`
  return {
    'This machine': `${machine.hostname}   (isolate: ${machine.isolation})`,
    'To try': [toTry, 'A letter in a decoy file harms nothing, and is on the board within a second as a P1 of the security team.'],
  }
}
