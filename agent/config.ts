import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { IsolationSettings, usualIsolation } from '#shared/domain/isolation-settings.ts'
import { type NetworkSettings, usualNetwork } from '#shared/domain/network-settings.ts'
import { days, seconds } from '#shared/domain/time.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'

export interface AgentConfig {
  dataDir: string
  /** The agent that `npm start` runs on the newcomer's own machine. */
  isTrial: boolean
  /** `reason` is one sentence for the console, when it isn't allowed. */
  isolation: { isAllowed: boolean; reason?: string }
  /** Of the machine itself; a policy goes before it. */
  isolationSettings: IsolationSettings
  /** Where anybody at the machine may read and type a release code; and where greetings at log-on lie, if anywhere. */
  people: { folder: string; motdFolder: string | undefined }
  /** `isolate` is only tried, for a minute. */
  isDrill: boolean
  /** Whether the agent may halt a process tree that encrypts, on its own word. */
  suspendsAlone: boolean
  /** Folders that get decoy files. */
  canaryDirs: string[]
  /** Decoys also in people's homes and in shares. */
  spreadsCanaries: boolean
  /** Units that should run; with none named, only failed ones are noticed. */
  services: string[]
  /** Log-on logs that exist here; with none, the journal is read. */
  authLogs: string[]
  network: NetworkSettings
  sampleEveryMs: number
  spoolMaxBytes: number
  /** How long signals are kept after their acknowledgement, for a collector that is restored from a backup. */
  keepAcknowledgedMs: number
  logLevel: LogLevel
}

/** What the command line said. */
export interface Flags {
  data?: string | undefined
  isTrial?: boolean | undefined
  isIsolationAllowed?: boolean | undefined
  isDrill?: boolean | undefined
  canaries?: string[] | undefined
}

const LogLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
type LogLevel = z.infer<typeof LogLevel>

/** `agent.json` in the data folder. Every field may be missing; one we don't know is a typing error, so it stops the start. */
const ConfigFile = z.strictObject({
  isolation: z.boolean().optional(),
  unprovenIsolation: IsolationSettings.shape.unproven.optional(),
  isolationLeaseHours: IsolationSettings.shape.leaseHours.optional(),
  asksNeighbours: IsolationSettings.shape.asksNeighbours.optional(),
  outsideAddress: IsolationSettings.shape.outside.optional(),
  publicFolder: z.string().min(1).optional(),
  motdFolder: z.string().min(1).optional(),
  suspendsAlone: z.boolean().optional(),
  spreadsCanaries: z.boolean().optional(),
  canaryDirs: z.array(z.string().min(1)).max(50).optional(),
  services: z.array(z.string().min(1).max(200)).max(200).optional(),
  authLogs: z.array(z.string().min(1)).max(20).optional(),
  badDestinations: z.array(z.string().min(2).max(50)).max(10_000).optional(),
  isScanner: z.boolean().optional(),
  sampleEveryMs: z.number().int().min(1_000).max(600_000).optional(),
  spoolMaxBytes: z.number().int().min(1_048_576).optional(),
  keepAcknowledgedDays: z.number().min(0).max(90).optional(),
  logLevel: LogLevel.optional(),
})
type ConfigFile = z.infer<typeof ConfigFile>

const defaultDataDir = 'tierline-data/agent'
const usualAuthLogs = ['/var/log/auth.log', '/var/log/secure']
const mebibyte = 1_048_576

/** File, environment and flags → what the agent does; flags win, then the environment. @throws Fault `config-bad`. */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv): AgentConfig {
  const dataDir = resolve(flags.data ?? environment.TIERLINE_AGENT_DATA ?? defaultDataDir)
  const file = readConfigFile(join(dataDir, 'agent.json'))
  const isTrial = flags.isTrial ?? false
  return {
    dataDir,
    isTrial,
    isolation: isolationOf(isTrial, flags.isIsolationAllowed ?? false, file.isolation ?? true),
    isolationSettings: {
      unproven: file.unprovenIsolation ?? usualIsolation.unproven,
      leaseHours: file.isolationLeaseHours ?? usualIsolation.leaseHours,
      asksNeighbours: file.asksNeighbours ?? usualIsolation.asksNeighbours,
      outside: file.outsideAddress ?? usualIsolation.outside,
    },
    isDrill: flags.isDrill ?? false,
    people: peopleOf(file, environment.RUNTIME_DIRECTORY, dataDir),
    // A new organisation only observes; its policy says when this may begin.
    suspendsAlone: file.suspendsAlone ?? false,
    canaryDirs: canaryDirsOf(flags.canaries ?? file.canaryDirs, dataDir),
    // Whoever runs it by hand tries it out, and their home stays as it is.
    spreadsCanaries: file.spreadsCanaries ?? (!isTrial && environment.RUNTIME_DIRECTORY !== undefined),
    services: file.services ?? [],
    authLogs: file.authLogs ?? usualAuthLogs.filter((path) => existsSync(path)),
    network: { badDestinations: file.badDestinations ?? usualNetwork.badDestinations, isScanner: file.isScanner ?? usualNetwork.isScanner },
    sampleEveryMs: file.sampleEveryMs ?? seconds(10),
    spoolMaxBytes: file.spoolMaxBytes ?? 256 * mebibyte,
    // As old as a weekly backup may be; a few hundred kilobytes on a machine that is well.
    keepAcknowledgedMs: days(file.keepAcknowledgedDays ?? 7),
    logLevel: logLevelOf(environment.TIERLINE_AGENT_LOG_LEVEL) ?? file.logLevel ?? 'info',
  }
}

function readConfigFile(path: string): ConfigFile {
  if (!existsSync(path)) return {}
  const parsed = ConfigFile.safeParse(parseJson(readFileSync(path, 'utf8'), path))
  if (parsed.success) return parsed.data
  throw new Fault('config-bad', `${path}: ${firstIssue(parsed.error)}`)
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Fault('config-bad', `${path} is not JSON`, { cause: error })
  }
}

/** A trial never cuts the newcomer off from their own session unless they say so. */
function isolationOf(isTrial: boolean, isAllowedByFlag: boolean, isAllowedByFile: boolean): AgentConfig['isolation'] {
  if (isTrial && !isAllowedByFlag) return { isAllowed: false, reason: 'off (local trial)' }
  if (!isAllowedByFile) return { isAllowed: false, reason: 'off (agent.json)' }
  return { isAllowed: true }
}

/** As a service: systemd makes a folder of RuntimeDirectory= and names it. pam_motd reads /run/motd.d. */
function peopleOf({ publicFolder, motdFolder }: ConfigFile, runtime: string | undefined, dataDir: string): AgentConfig['people'] {
  const folder = publicFolder ?? runtime?.split(':')[0]
  return { folder: folder ?? join(dataDir, 'public'), motdFolder: motdFolder ?? (runtime === undefined ? undefined : '/run/motd.d') }
}

function canaryDirsOf(named: string[] | undefined, dataDir: string): string[] {
  return named?.map((dir) => resolve(dir)) ?? [join(dataDir, 'canaries')]
}

function logLevelOf(text: string | undefined): LogLevel | undefined {
  const parsed = LogLevel.safeParse(text)
  return parsed.success ? parsed.data : undefined
}
