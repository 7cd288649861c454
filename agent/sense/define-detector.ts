import type { Logger } from 'pino'
import type { Platform, Role } from '#shared/domain/endpoint.ts'
import type { HealthSettings } from '#shared/domain/health-limits.ts'
import type { NetworkSettings } from '#shared/domain/network-settings.ts'
import type { PolicyKey } from '#shared/domain/policy-settings.ts'
import type { ProcessNamed } from '#shared/domain/process.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Time } from '#shared/domain/time.ts'
import type { WatchedRule } from '#shared/domain/watched-rules.ts'
import type { Placeholders } from '#shared/sigma/item.ts'
import type { Probe } from '../host/probe.ts'
import type { JsonFile } from '../json-file.ts'
import type { Finding, Happening } from '../signal/signal.ts'
import type { Suspension } from '../suspend/suspend.ts'
import type { HealthDetector } from './define-health.ts'
import type { LogonLines } from './logon/logon-lines.ts'
import type { HealthMemory } from './look.ts'
import type { Visitors } from './network/visitors.ts'
import type { Starts } from './processes/starts.ts'
import type { WindowsEvents } from './windows/events.ts'
import type { Writers } from './writers/writers.ts'

/** A plug-in is one file that describes itself: it looks every so often, or it watches and speaks when something happens. */
export type Detector = PollingDetector | HealthDetector | WatchingDetector

export interface PollingDetector {
  name: string
  platforms: Platform[]
  /** Milliseconds from one look to the next. */
  every: number
  /** Milliseconds for which a finding must have been true, look after look, before it counts. */
  lasts?: number
  /** Everything that is true now; what is missing here clears. */
  sense(probe: Probe, context: SenseContext): Promise<Finding[] | Unsupported>
}

export interface WatchingDetector {
  name: string
  platforms: Platform[]
  /** Settings of the policy that it reads at its start; it is started anew when one of them changes. */
  readsAtStart?: PolicyKey[]
  watch(probe: Probe, say: Say, context: WatchContext): Promise<Watching | Unsupported>
}

/** Resolves once what was said is on disk. */
export type Say = (event: Omit<Happening, 'detector'>) => Promise<void>

export interface Watching {
  stop(): Promise<void>
  /** The decoys it guards, for the inventory. */
  decoys?(): string[]
  /** Rules that what it watches can fit. */
  rules?(): readonly WatchedRule[]
  /** Puts the decoys back and forgets what touched them; answers how many. */
  rearm?(): Promise<number>
}

/** This machine can't answer; one sentence says why. Nothing is raised and nothing clears. */
export interface Unsupported {
  unsupported: string
}

export interface SenseContext {
  time: Time
  log: Logger
  settings: SenseSettings
  /** Aborted when the detector's time is up or the agent stops. */
  stop: AbortSignal
  /** What this machine is for, as far as its facts say. */
  role: Role
  /** How severe this already stands, so that a detector lets go later than it takes hold. */
  standing(kind: string, about: string): Severity | undefined
  /** What the policy in force says of health detectors. */
  healthSettings(): HealthSettings
  /** The machine has enough to do already, or runs on battery. */
  isStrained(): Promise<boolean>
}

export interface WatchContext extends SenseContext {
  /** What it watched broke; it is told so to people, and started again. */
  broken(reason: string): void
  /** What it read at its start is another by now: it is ended and started anew. */
  again(): void
}

/** Some of it is the policy's to change, so it is read whenever it matters and never kept. */
export interface SenseSettings {
  /** Folders that get decoys. */
  canaryDirs: string[]
  /** Whether decoys are spread over homes and shares too, and what is left alone. */
  spreadsCanaries?(): { except: readonly string[]; root?: string } | undefined
  canaryFile: JsonFile
  /** Units that should run. */
  services: string[]
  /** Log files with sign-ins; the journal when there are none. */
  authLogs: string[]
  /** Who wrote which file last, from whoever hears of it to whoever finds one changed. */
  writers?: Writers
  /** Has audit name who writes to these folders; answers the end of that, undefined where audit takes no rules. */
  watchByAudit?(folders: readonly string[], key: string): Promise<(() => void) | undefined>
  /** Lines with sign-ins, from whoever follows the logs or the journal to whoever judges them by rules. */
  logonLines?: LogonLines
  /** Windows' event log, from whoever follows it to whoever judges it; absent elsewhere. */
  windowsEvents?: WindowsEvents
  /** Programs that start, from whoever notices them to whoever judges them. */
  starts?: Starts
  /** Which machines use this one, from whoever reads the sockets to whoever says what this machine is for. */
  visitors?: Visitors
  /** What `expand` stands for in Sigma's rules. */
  sigmaPlaceholders?: Placeholders
  /** Halts a process tree on the agent's own word, where the policy lets it. */
  suspend?(top: ProcessNamed, why: string): Promise<Suspension>
  /** What `smbstatus` says of its clients; '' where there is none. */
  shareClients?(): Promise<string>
  /** Where this agent's own files are, and whether they are expected to be others than before; absent in a trial. */
  own?: { dataDir: string; wasUpdated: boolean }
  /** Ids of Sigma's rules that a person has armed; asked whenever one fits. */
  armedRules?(): readonly string[]
  /** Ids of those that a person has disarmed. */
  disarmedRules?(): readonly string[]
  /** What the policy in force says of the network watch; asked before each look. */
  network?(): NetworkSettings
  /** What is remembered over restarts. */
  memory?: HealthMemory
  /** What the rest of the agent knows; absent where there is no rest. */
  agent?: AboutRest
}

/** What health detectors ask the rest of the agent. */
export interface AboutRest {
  /** How far this machine's clock is behind the collector's, in ms; undefined while nobody said. */
  clockBehindMs(): number | undefined
  /** Signals that the collector has not acknowledged. */
  waiting(): number
  /** Epoch ms of the latest starts of this agent. */
  starts(): readonly number[]
  memoryBytes(): number
  isCutOff(): boolean
  /** When a backup of this machine was tried out and good, epoch ms; null: never. Undefined where nobody tries any out here. */
  backupVerified?(): Promise<{ at: number | null } | undefined>
}

export function defineDetector<Kind extends Detector>(detector: Kind): Kind {
  return detector
}

export const isUnsupported = (answer: object): answer is Unsupported => 'unsupported' in answer
