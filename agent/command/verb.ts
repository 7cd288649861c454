import type { z } from 'zod'
import type { CommandDefinition } from '#shared/commands/define-command.ts'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Host } from '../host/host.ts'
import type { Processes } from '../host/processes.ts'
import type { Isolation } from '../isolate/isolate.ts'
import type { Neighbours } from '../isolate/neighbours.ts'
import type { Telling } from '../release/telling.ts'
import type { Opened as OpenedBackups } from './backups.ts'
import type { Live } from './live.ts'
import type { Quarantine } from './quarantine.ts'
import type { Standing } from './standing/standing.ts'

export type HandedOver = { kind: 'stored'; sha256: string } | { kind: 'failed'; reason: string }

/** What verbs may do to this machine; handed in by app.ts. */
export interface Machine {
  isolation: Isolation
  neighbours: Neighbours
  /** Whom the person at this machine is to call, when it is isolated. */
  tellAbout: Telling['about']
  /** Puts the canaries back; resolves with how many. */
  rearm(): Promise<number>
  uptimeSeconds(): Promise<number>
  time: Time
  host: Host
  processes: Processes
  quarantine: Quarantine
  /** Where the collector is now; undefined: nobody knows. */
  collectorAddress(): Promise<string | undefined>
  /** Units that this machine's own configuration lists. */
  services: readonly string[]
  /** Hands a file over to the collector, under the id of the command that asked for it; says what part has arrived. */
  handOver(commandId: string, bytes: Buffer, sent: (ratio: number) => void): Promise<HandedOver>
  /** This machine's own, as restic.json in the data folder names it; read anew each time. */
  openBackups(): OpenedBackups
  /** Where restored files lie before they are put in their places. */
  backupsFolder: string
  /** Where scripts lie while they run. */
  scriptsFolder: string
  /** What it does by itself; made where commands are taken. */
  standing?: Pick<Standing, 'take' | 'pause'>
  /** Somebody's own machine, on which `npm start` runs. */
  isTrial: boolean
}

export interface VerbOutcome {
  outcome: 'succeeded' | 'failed' | 'refused'
  /** One sentence. */
  detail: string
  output?: Record<string, unknown>
  isolation?: IsolationStatus
}

/** How one command of shared/commands is done on this machine. One file in verbs/ for each. */
export interface Verb<Args extends z.ZodType = z.ZodType> {
  command: CommandDefinition<Args>
  run(machine: Machine, args: z.infer<Args>, order: CommandOrder, live: Live): Promise<VerbOutcome>
}

export function defineVerb<Args extends z.ZodType>(verb: Verb<Args>): Verb<Args> {
  return verb
}
