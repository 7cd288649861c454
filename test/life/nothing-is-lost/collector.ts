import { join } from 'node:path'
import { pino } from 'pino'
import { minutes } from '#shared/domain/time.ts'
import { startCollector } from '../../../server/app.ts'
import { systemTime } from '../../../server/system-time.ts'
import { databaseSetting } from '../../support/database.ts'
import { top } from '../../support/program.ts'

/**
 * Run as a process of its own: the collector of the folder in argv[2], its agents' port in argv[3], its database in
 * argv[4] (the suite's when absent). Prints an enrolment token once it stands. Ends by SIGTERM, or by the SIGKILL it is made for.
 */
const [dataDir = '', port = '', database = await databaseSetting(dataDir)] = process.argv.slice(2)
const config = {
  dataDir,
  database,
  console: { host: '127.0.0.1', port: 0 },
  agents: { host: '127.0.0.1', port: Number(port) },
  consoleDist: join(top, 'server/console/dist'),
  logLevel: 'warn' as const,
}
const stopped = new Promise((resolve) => process.once('SIGTERM', resolve))
const collector = await startCollector(config, { time: systemTime, log: pino({ level: 'warn' }, process.stderr) })
const { organisationId, agentsUrl: collectorUrl } = collector
const { token } = await collector.identity.createToken({ organisationId, createdBy: 'test', ttlMs: minutes(30), collectorUrl })
process.stdout.write(`${token}\n`)
await stopped
await collector.stop()
process.exit(0)
