import { mkdirSync } from 'node:fs'
import { pino } from 'pino'
import { createProbe } from '../../../agent/host/probe.ts'
import { defineDetector } from '../../../agent/sense/define-detector.ts'
import ransomwareCanary from '../../../agent/sense/detectors/ransomware-canary.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { startTestAgent } from '../../support/agent.ts'

/*
 * A process of its own: an enrolled agent (its folder in argv[2]) whose collector is away, with decoys in the folders after that. Prints
 * the paths of its decoys as one JSON line; then, for each signal, once it is on disk: the decoy and when, in ns of the monotonic clock.
 */
const [dataDir = '', ...folders] = process.argv.slice(2)
for (const folder of folders) mkdirSync(folder, { recursive: true })
const print = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)
const log = pino({ level: 'error' }, process.stderr)

const timed = defineDetector({
  ...ransomwareCanary,
  async watch(probe, say, context) {
    const watching = await ransomwareCanary.watch(
      probe,
      async (event) => {
        await say(event)
        print({ path: event.about, atNs: String(process.hrtime.bigint()) })
      },
      context,
    )
    if ('decoys' in watching) print({ decoys: watching.decoys?.() })
    return watching
  },
})
const config = { canaryDirs: folders }
const agent = await startTestAgent({ dataDir, config, detectors: [timed], probe: createProbe({ time: systemTime, log }), log })
process.once('SIGTERM', () => void agent.stop('stop').then(() => process.exit(0)))
// The agent's own timers keep no process alive.
setInterval(() => undefined, 60_000)
