import { join } from 'node:path'
import { type Collector, startCollector } from '../../app.ts'
import { type CollectorConfig, type Flags, isLoopback, loadConfig } from '../../config.ts'
import { systemTime } from '../../system-time.ts'
import { buildConsole } from './console-build.ts'
import { createLog } from './log.ts'
import { showSecret } from './secret.ts'
import { leaveWhereabouts } from './whereabouts.ts'

export const top = join(import.meta.dirname, '../../..')

export interface Started {
  config: CollectorConfig
  collector: Collector
  /** What people need to get in, name by name. */
  rows: Record<string, string>
}

/** A built console, a running collector, and how to get in. */
export async function openCollector(wanted: { flags: Flags; isAdminReset: boolean; firstMode: 'observe' | 'live' }): Promise<Started> {
  const config = { ...loadConfig(wanted.flags, process.env), firstMode: wanted.firstMode, drills: true }
  await buildConsole(top, (line) => process.stdout.write(`${line}\n`))
  const collector = await startCollector(config, { time: systemTime, log: createLog(config.logLevel) })
  leaveWhereabouts(config.dataDir, collector)
  const signIn = wanted.isAdminReset ? await collector.people.resetAdmin() : collector.firstSignIn
  return { config, collector, rows: { Console: consoleRow(config, collector), 'Sign in': signInRow(signIn, config) } }
}

function consoleRow({ publicUrl, console: { host } }: CollectorConfig, { consoleUrl, identity }: Collector): string {
  const url = publicUrl ?? consoleUrl
  return isLoopback(host) ? url : `${url}   (its certificate is from this collector's own CA, SHA-256 ${identity.caFingerprint})`
}

function signInRow(made: Collector['firstSignIn'], { dataDir }: CollectorConfig): string {
  if (!made) return 'as before (forgotten? start once with --reset-admin)'
  return `${showSecret(`${made.login} / ${made.password}`, { dataDir, name: 'first-sign-in' })}   (made just now, said only once)`
}
