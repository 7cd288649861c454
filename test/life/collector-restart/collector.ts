import { join } from 'node:path'
import { pino } from 'pino'
import { minutes, seconds } from '#shared/domain/time.ts'
import { startCollector } from '../../../server/app.ts'
import { defaultLimits } from '../../../server/presence/limits.ts'
import { systemTime } from '../../../server/system-time.ts'
import { databaseSetting } from '../../support/database.ts'
import { top } from '../../support/program.ts'

/**
 * Run as a process of its own: the collector of the folder in argv[2], its agents' port in argv[3], its matrix in argv[4],
 * for which a machine is silent after argv[5] milliseconds. Prints four enrolment tokens once it stands.
 */
const [dataDir = '', port = '', matrixFile = '', limitMs = ''] = process.argv.slice(2)
const limit = Number(limitMs)
const limits = { ...defaultLimits, unannouncedMs: { workstation: limit, server: limit, core: limit } }
const config = {
  ...{ dataDir, database: await databaseSetting(dataDir), matrixFile },
  console: { host: '127.0.0.1', port: 0 },
  agents: { host: '127.0.0.1', port: Number(port) },
  consoleDist: join(top, 'server/console/dist'),
  logLevel: 'warn' as const,
  presence: { limits, everyMs: 100, absenceMs: seconds(1) },
}
const stopped = new Promise((resolve) => process.once('SIGTERM', resolve))
const collector = await startCollector(config, { time: systemTime, log: pino({ level: 'error' }, process.stderr) })
const { organisationId, agentsUrl: collectorUrl } = collector
const asked = { organisationId, createdBy: 'test', ttlMs: minutes(30), collectorUrl, role: 'server' } as const
const tokens = await Promise.all([1, 2, 3, 4].map(() => collector.identity.createToken(asked)))
process.stdout.write(`${JSON.stringify(tokens.map(({ token }) => token))}\n`)
await stopped
await collector.stop()
process.exit(0)
