import { parseArgs } from 'node:util'
import type { Verb } from '../main.ts'
import { openCollector } from './start/collector.ts'
import { startFlags, startUsage } from './start/flags.ts'
import { startPatiently } from './start/patience.ts'
import { table } from './start/print.ts'
import { stopInTime, untilStopped } from './start/until-stopped.ts'

const usage = `Usage: npm run -s tierline -- up [flags]

Runs the collector, without an agent beside it, until it is told to stop.

${startUsage}`

const verb: Verb = {
  summary: 'runs the collector alone',
  usage,
  async run(args) {
    const { 'reset-admin': reset, ...flags } = parseArgs({ args, options: startFlags }).values
    const stopped = untilStopped()
    const open = () => openCollector({ flags, isAdminReset: reset ?? false, firstMode: 'observe' })
    const started = await startPatiently(open, stopped, (line) => process.stderr.write(`${line}\n`))
    if (!started) return
    const { collector, rows } = started
    process.stdout.write(table({ ...rows, Agents: collector.agentsUrl }))
    await stopped
    await stopInTime([() => collector.stop()])
  },
}
export default verb
