import { isIPv6 } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import type { WatchOptions } from './presence/watch.ts'

export interface CollectorConfig {
  dataDir: string
  /** `sqlite` (a file in the data folder) or `postgres://…`. */
  database: string
  /** Plain HTTP on a loopback address, TLS by the collector's own CA elsewhere. */
  console: { host: string; port: number }
  /** TLS 1.3, mutual. */
  agents: { host: string; port: number }
  /** What people's browsers dial; agents dial its host at `agents.port`. */
  publicUrl?: string
  /** The matrix that ships, when absent. */
  matrixFile?: string
  /** What the organisation that a first run makes is in; `observe` when absent. */
  firstMode?: 'observe' | 'live'
  /** When who is silent; as the product has it, when absent. */
  presence?: WatchOptions
  /** A file that names the mail server; no mail without it. */
  mailFile?: string
  /** Hosts that receivers may be reached at although they are this machine's own. */
  mayCall?: readonly string[]
  /** Attacks are played to oneself after a start, so that the first real one meets code that is warm; not, when absent. */
  drills?: boolean
  /** The console as it was built. */
  consoleDist: string
  logLevel: LogLevel
}

const LogLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
type LogLevel = z.infer<typeof LogLevel>

/** Every setting: its flag, and the variable of the environment that stands for it when the flag is missing. */
const settings = {
  data: 'TIERLINE_DATA',
  database: 'TIERLINE_DATABASE',
  listen: 'TIERLINE_LISTEN',
  port: 'TIERLINE_PORT',
  'agents-port': 'TIERLINE_AGENTS_PORT',
  'public-url': 'TIERLINE_PUBLIC_URL',
  matrix: 'TIERLINE_MATRIX',
  mail: 'TIERLINE_MAIL',
  'may-call': 'TIERLINE_MAY_CALL',
  'log-level': 'TIERLINE_LOG_LEVEL',
} as const
type Setting = keyof typeof settings
export type Flags = Partial<Record<Setting, string>>

/** For `parseArgs` of node:util. */
export const configFlags = Object.fromEntries(Object.keys(settings).map((flag) => [flag, { type: 'string' }])) as Record<
  Setting,
  { type: 'string' }
>

/** Flags, then the environment, then what is usual. @throws Fault `config-bad`, with a sentence that names the flag. */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv): CollectorConfig {
  const said = (setting: Setting): string | undefined => flags[setting] ?? environment[settings[setting]]
  const host = said('listen') ?? '127.0.0.1'
  const publicUrl = publicUrlOf(said('public-url'))
  const [matrixFile, mailFile, mayCall] = [said('matrix'), said('mail'), said('may-call')]
  return {
    dataDir: resolve(said('data') ?? 'tierline-data'),
    database: said('database') ?? 'sqlite',
    console: { host, port: portOf('port', said('port') ?? '7840') },
    agents: { host, port: portOf('agents-port', said('agents-port') ?? '7843') },
    ...(publicUrl !== undefined && { publicUrl }),
    ...(matrixFile !== undefined && { matrixFile: resolve(matrixFile) }),
    ...(mailFile !== undefined && { mailFile: resolve(mailFile) }),
    ...(mayCall !== undefined && { mayCall: mayCall.split(',').map((host) => host.trim()) }),
    consoleDist: join(import.meta.dirname, 'console/dist'),
    logLevel: logLevelOf(said('log-level') ?? 'info'),
  }
}

export const storeUrlOf = ({ database, dataDir }: Pick<CollectorConfig, 'database' | 'dataDir'>): string =>
  database === 'sqlite' ? `sqlite:${join(dataDir, 'tierline.db')}` : database

/** A URL's host: an IPv6 address stands in brackets. */
export const urlHost = (host: string): string => (isIPv6(host) ? `[${host}]` : host)

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

function portOf(flag: Setting, text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw bad(flag, text, 'a port, 0 to 65535')
}

function publicUrlOf(text: string | undefined): string | undefined {
  const url = text === undefined ? undefined : URL.parse(text)
  if (text === undefined || (url && /^https?:$/.test(url.protocol))) return text
  throw bad('public-url', text, 'what browsers open, such as https://rmm.example.org:7840')
}

function logLevelOf(text: string): LogLevel {
  const parsed = LogLevel.safeParse(text)
  if (parsed.success) return parsed.data
  throw bad('log-level', text, `one of ${LogLevel.options.join(', ')}`)
}

const bad = (flag: Setting, text: string, wanted: string): Fault =>
  new Fault('config-bad', `--${flag} (or ${settings[flag]}) is ${JSON.stringify(text)}; it must be ${wanted}.`)
