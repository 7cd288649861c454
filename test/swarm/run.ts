import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { openSpool, type Spool } from '../../agent/spool/spool.ts'
import { systemTime } from '../../agent/system-time.ts'
import { readWhereabouts } from '../../server/cli/start/whereabouts.ts'
import { storeUrlOf } from '../../server/config.ts'
import { enrolAll, removeAll } from './members.ts'
import { MemorySpool } from './memory-spool.ts'
import { checkOpenFiles, readSettings, type SwarmSettings, usage } from './options.ts'
import { startOwnCollector } from './own-collector.ts'
import { issuePasses } from './passes.ts'
import { startProgress } from './progress.ts'
import { pause, startSwarm } from './swarm.ts'

/** `npm run swarm -- …`. Exit code 0 when all agents had been connected. */
const samplesPerRecord = 6
const connectWithinMs = seconds(120)
const spoolBytes = 16_777_216

process.exitCode = await main(process.argv.slice(2))
process.exit()

async function main(args: string[]): Promise<number> {
  try {
    const settings = readSettings(args)
    if (settings === 'help') {
      process.stdout.write(usage)
      return 0
    }
    checkOpenFiles(settings)
    return await play(settings)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    console.error(error.message)
    return 1
  }
}

/** Whom the agents dial, and where its CA and its database are. */
interface Target {
  agentsUrl: string
  dataDir: string
  storeUrl: string
  pid(): number | undefined
  stop(): Promise<void>
}

async function play(settings: SwarmSettings): Promise<number> {
  const interrupted = Promise.withResolvers<void>()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.resolve())
  await using teardowns = new AsyncDisposableStack()
  const target = await targetOf(settings)
  teardowns.defer(() => target.stop())
  const { ca, passes } = await issuePasses(target.dataDir, settings.agents)
  await enrolAll(target.storeUrl, passes, Date.now())
  if (settings.collector.kind === 'running') teardowns.defer(() => removeAll(target.storeUrl, passes, Date.now()))
  const folder = await mkdtemp(join(tmpdir(), 'tierline-spools-'))
  teardowns.defer(() => rm(folder, { recursive: true, force: true }))

  const swarm = await startSwarm({
    ...{ collector: target.agentsUrl, ca, passes, samplesPerRecord, seed: settings.seed, signalsPerSecond: settings.signalsPerSecond },
    ...{ rampMs: seconds(settings.rampSeconds), sampleEveryMs: seconds(settings.sampleEverySeconds) },
    openSpool: (index) => spoolOf(settings, join(folder, String(index))),
  })
  teardowns.defer(() => swarm.stop())
  teardowns.defer(startProgress(swarm, target.pid()))
  const outcome = await Promise.race([
    swarm.untilConnected(settings.agents, seconds(settings.rampSeconds) + connectWithinMs),
    interrupted.promise.then(() => 'interrupted' as const),
  ])
  if (outcome === true) await Promise.race([pause(seconds(settings.seconds)), interrupted.promise])
  if (outcome === false) {
    console.error(
      `Only ${swarm.connected()} of ${settings.agents} agents came in in time: give them longer with --ramp, or the machine more rest.`,
    )
  }
  return outcome === true ? 0 : 1
}

async function targetOf({ collector }: SwarmSettings): Promise<Target> {
  if (collector.kind === 'own') return startOwnCollector()
  const { dataDir, url = readWhereabouts(dataDir).agentsUrl } = collector
  return { agentsUrl: url, dataDir, storeUrl: storeUrlOf(collector), pid: () => undefined, stop: async () => undefined }
}

async function spoolOf({ spool }: SwarmSettings, dir: string): Promise<Spool> {
  return spool === 'memory' ? new MemorySpool() : openSpool({ dir, maxBytes: spoolBytes, time: systemTime, log: pino({ level: 'silent' }) })
}
