import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DesiredIsolation, IsolationReadiness, IsolationStatus, Platform } from '#shared/domain/endpoint.ts'
import { type IsolationSettings, usualIsolation } from '#shared/domain/isolation-settings.ts'
import { type Cancel, hours, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { Host } from '../host/host.ts'
import type { Happening } from '../signal/signal.ts'
import type { CollectorAddress } from './address.ts'
import { Baselines } from './baselines.ts'
import type { Firewall } from './firewalls/firewall.ts'
import { createNftables } from './firewalls/nftables.ts'
import { findGaps } from './gaps.ts'
import { HeldRules } from './held-rules.ts'
import { Isolator } from './isolator.ts'
import { openJournal } from './journal.ts'
import type { Place } from './knock.ts'
import { readUptime, type Uptime } from './lease.ts'
import { findObstacle } from './obstacles.ts'
import { Prover } from './prover.ts'
import { saveRulesIn } from './saved-rules.ts'
import { findQuietPlaces, findWitnesses, outsideOf } from './witnesses.ts'

/*
 * journal → apply → prove → keep. Enters: "isolate" or "release", by command. Leaves: what is true now, with its proof.
 * Promises: `isolated` is said only with proof and stays true until released: over restarts, firewall edits and loss of
 * the collector (invariant 7); the collector's addresses are known before anything is dropped. One thing at a time, in
 * the order it was asked. On failure: `failed` and a critical signal, and it goes on trying. Threat: an intruder who
 * spreads while the host is called isolated, or a host that nobody can ever get back.
 */

export interface Isolation {
  status(): IsolationStatus
  /** Whether this agent could isolate; asks the system. */
  readiness(): Promise<IsolationReadiness>
  isolate(commandId: string): Promise<IsolationStatus>
  release(commandId: string): Promise<IsolationStatus>
  /** The collector's addresses may have changed: whoever is cut off must still find it. */
  readdress(): Promise<void>
  /** At start, before the wire dials: what the journal wants is made so. The proof follows by itself. */
  reapply(): Promise<void>
  /** Ends the watching. The rules stay as they are. */
  stop(): Promise<void>
}

export interface IsolationParts {
  dir: string
  /** Undefined where none of ours fits this operating system. */
  firewall: Firewall | undefined
  isAllowed: boolean
  /** Why it isn't allowed, such as "off (local trial)". */
  reason?: string | undefined
  /** All addresses at which the agents' port answers; asked before anything is dropped, and pinned from then on. */
  collectorAddresses(): Promise<CollectorAddress[]>
  /** PEM of the CA that the collector must show as proof that it was reached. */
  ca: string
  happened(event: Happening): Promise<void>
  /** The spool's: what changes by itself later is reported as another result of the command that asked for it. */
  append(lane: Lane, body: RecordBody): Promise<number>
  time: Time
  log: Logger
  /** The connection to the collector stands at this moment. */
  isConnected?: () => boolean
  /** What the policy says; looked at whenever something is isolated. */
  settings?: (() => IsolationSettings) | undefined
  /** The machine's own, when absent. */
  uptime?: () => Uptime | undefined
  /** Of an isolation that begins; counted here for this process only, when absent. */
  nextNumber?: () => number
  /** Told of each state as it comes about; must not throw. */
  changed?: (status: IsolationStatus) => void
  /** The port to the machine, for what else may stand in the way; without it nothing does. */
  host?: Host
  /** Places that may answer before the drop, asked then; and those that may be asked every few seconds. */
  findPlaces?: () => Promise<Place[]>
  findQuietPlaces?: () => Promise<Place[]>
}

/** A tunnel comes and goes, and what isn't ready should be known before it is needed. */
const readinessEveryMs = hours(1)

export async function openIsolation(parts: IsolationParts): Promise<Isolation> {
  const { findPlaces = findWitnesses, isConnected = () => false, settings = () => usualIsolation, uptime = readUptime } = parts
  const { firewall, time, log, changed = () => undefined, nextNumber = counted() } = parts
  const journal = await openJournal(join(parts.dir, 'isolation.json'), () => wishByRules(parts))
  const findQuiet = async (): Promise<Place[]> => [
    ...outsideOf(settings().outside),
    ...(await (parts.findQuietPlaces ?? findQuietPlaces)()),
  ]
  const baselines = new Baselines({ findPlaces: findQuiet, time })
  const prover = new Prover({ ...parts, findPlaces, isConnected, baselines })
  const rules = firewall && new HeldRules({ firewall, saved: saveRulesIn(parts.dir), log })
  const keepReady = (): void => {
    const { actual, readiness } = isolator.status()
    if (actual === 'open' && readiness.isReady) firewall?.keepReady?.()
  }
  const keepWarm = (isClosed: boolean): void => {
    if (isClosed || !parts.isAllowed || !firewall) baselines.pause()
    else baselines.keepWarm()
    keepReady()
  }
  const whyNot = async (): Promise<string | undefined> => parts.host && findObstacle({ ...parts, host: parts.host })
  const gaps = async (): Promise<string[]> => (parts.host && firewall ? findGaps({ host: parts.host, firewall }) : [])
  const wired = { changed, nextNumber, settings, uptime, journal, prover, rules, onClosed: keepWarm, whyNot, gaps }
  const isolator = new Isolator({ ...parts, ...wired })
  let nextLook: Cancel | undefined
  const lookAgain = (): void => {
    nextLook = time.after(readinessEveryMs, () => {
      unawaited(isolator.readiness().then(keepReady).finally(lookAgain), log, 'whether this machine can be isolated could not be found out')
    })
  }
  return {
    status: () => isolator.status(),
    readiness: () => isolator.readiness(),
    isolate: (commandId) => isolator.isolate(commandId),
    release: (commandId) => isolator.release(commandId),
    readdress: () => isolator.readdress(),
    reapply: async () => {
      keepWarm(journal.wish().want === 'isolated')
      await isolator.reapply()
      keepReady()
      lookAgain()
    },
    stop: async () => {
      nextLook?.()
      baselines.stop()
      await isolator.stop()
    },
  }
}

function counted(): () => number {
  let number = 0
  return () => {
    number += 1
    return number
  }
}

/** Rules that stand though no wish is on disk: it was damaged, thrown away, or the disk was full as the isolation began. */
async function wishByRules({ firewall, isAllowed, log }: IsolationParts): Promise<DesiredIsolation> {
  const rules = isAllowed ? await firewall?.snapshot().catch(() => undefined) : undefined
  if (rules === undefined) return 'open'
  log.error('nothing says what this machine’s network should be, but the isolation rules stand; it stays isolated')
  return 'isolated'
}

/** The firewall of this operating system, if we have one for it. */
export function firewallFor(platform: Platform, host: Host, time: Time): Firewall | undefined {
  return platform === 'linux' ? createNftables({ host, time }) : undefined
}
