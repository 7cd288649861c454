import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { type Collector, startCollector } from '../../server/app.ts'
import { type CollectorConfig, loadConfig } from '../../server/config.ts'
import { systemTime } from '../../server/system-time.ts'
import { databaseSetting, storeUrl } from './database.ts'

export interface TestCollectorOptions extends Partial<CollectorConfig> {
  time?: Time
  log?: Logger
  /** What the first organisation starts in; `live` when absent, so that `contain: auto` is tried. */
  mode?: 'observe' | 'live'
}

export interface TestCollector extends Collector, AsyncDisposable {
  dataDir: string
  /** Empty when the data folder was used before. */
  firstSignIn: { login: string; password: string }
  /** For one endpoint of the first organisation. */
  token(wanted?: Partial<Parameters<Collector['identity']['createToken']>[0]>): Promise<string>
  /** Starts it again on the same data and the same ports. */
  restart(): Promise<TestCollector>
}

/** A real collector in this process: real sockets on free ports, a real store, in a folder that goes with it. */
export async function startTestCollector(options: TestCollectorOptions = {}): Promise<TestCollector> {
  const { time = systemTime, log = pino({ level: process.env.TIERLINE_TEST_LOG ?? 'silent' }), mode = 'live', ...settings } = options
  const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), 'tierline-collector-')))
  const database = settings.database ?? (await databaseSetting(dataDir))
  if (settings.dataDir === undefined && settings.database === undefined) await storeUrl(dataDir)
  const config: CollectorConfig = {
    ...loadConfig({ port: '0', 'agents-port': '0', 'may-call': '127.0.0.1' }, {}),
    ...settings,
    database,
    dataDir,
  }
  const collector = await startCollector(config, { time, log })
  const { organisationId, identity, agentsUrl, firstSignIn = { login: '', password: '' } } = collector
  await collector.store.db.updateTable('organisations').set({ mode }).where('id', '=', organisationId).execute()
  return {
    ...collector,
    dataDir,
    firstSignIn,
    token: async (wanted) =>
      (await identity.createToken({ organisationId, createdBy: 'system', collectorUrl: agentsUrl, ...wanted })).token,
    restart: () => startTestCollector({ ...options, ...portsOf(collector), dataDir }),
    [Symbol.asyncDispose]: async () => {
      await collector.stop()
      if (settings.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function portsOf({ consoleUrl, agentsUrl }: Collector): Pick<CollectorConfig, 'console' | 'agents'> {
  const place = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
  return { console: place(consoleUrl), agents: place(agentsUrl) }
}
