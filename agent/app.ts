import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Logger } from 'pino'
import type { GoodbyeReason, Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { isAttack, type Signal } from '#shared/domain/signal.ts'
import type { Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'
import { agentCapabilities } from '#shared/protocol/capabilities.ts'
import packageJson from '../package.json' with { type: 'json' }
import { type AtMachine, openAtMachine } from './at-machine.ts'
import { lastVerified, openBackups } from './command/backups.ts'
import { type Commands, createCommands } from './command/command.ts'
import { openQuarantine } from './command/quarantine.ts'
import { removeLeftScripts } from './command/script.ts'
import type { Machine } from './command/verb.ts'
import { verbs } from './command/verbs.ts'
import { startVerifying } from './command/verify-backups.ts'
import type { AgentConfig } from './config.ts'
import { watchByAudit } from './host/audit-rules.ts'
import { createHost, type Host } from './host/host.ts'
import { createProbe, type Probe } from './host/probe.ts'
import { openProcesses } from './host/processes.ts'
import { shareClients } from './host/share-clients.ts'
import { type Identity, openIdentity } from './identity/identity.ts'
import { firewallFor, type Isolation, openIsolation } from './isolate/isolate.ts'
import { type Neighbours, openNeighbours } from './isolate/neighbours.ts'
import { jsonFile } from './json-file.ts'
import type { LastRun } from './last-run.ts'
import { openOwnRole } from './own-role.ts'
import { openPolicy, type Policy } from './policy/policy.ts'
import { betweenDetectors } from './sense/between.ts'
import type { Detector } from './sense/define-detector.ts'
import { detectors as allDetectors } from './sense/detectors.ts'
import { openHealthMemory } from './sense/memory.ts'
import { openRest, type Rest } from './sense/rest.ts'
import { type Sense, startSense } from './sense/sense.ts'
import { type SettingsInForce, settingsInForce } from './settings-in-force.ts'
import { reportOfRestart } from './signal/report-of-restart.ts'
import { openSignals, type Signals } from './signal/signal.ts'
import { type DurableSpool, openSpool } from './spool/spool.ts'
import { openSuspender, type Suspender } from './suspend/suspend.ts'
import { takeDocument } from './take-document.ts'
import { upload } from './wire/upload.ts'
import { startWire, type Wire } from './wire/wire.ts'

export interface Agent {
  isConnected(): boolean
  /** The machine falls asleep: says so, and is back once it woke. Everything but the connection goes on. */
  sleep(): Promise<void>
  /** Says goodbye with `reason`, then ends everything in the reverse of how it began. */
  stop(reason: GoodbyeReason): Promise<void>
}

/** What a test may replace: the clock, the machine, and what looks at it. */
export interface Surroundings {
  time: Time
  log: Logger
  probe?: Probe
  host?: Host
  detectors?: readonly Detector[]
  /** How the run before this one ended. */
  lastRun?: Pick<LastRun, 'tampered' | 'wasUpdated'>
  /** An attack is under way: nothing comes before this agent for a while. */
  hurry?: () => void
}

type Teardown = (reason: GoodbyeReason) => Promise<void> | void

/** Everything the rooms share, as far as it has been made. */
interface Parts {
  config: AgentConfig
  time: Time
  log: Logger
  probe: Probe
  host: Host
  detectors: readonly Detector[]
  identity: Identity
  spool: DurableSpool
  signals: Signals
  suspender: Suspender
  /** Who hears of what detectors say, once commands are taken. */
  hearers: ((signal: Signal) => unknown)[]
  policy: Policy
  inForce: SettingsInForce
  lastRun: Surroundings['lastRun']
  people: AtMachine
}

type Line = Pick<Wire, 'received' | 'progress' | 'ask' | 'heardAt'>

/** What orders and hints of the collector move. */
interface Limbs {
  isolation: Isolation
  sense: Sense
  neighbours: Neighbours
}

/** The enrolled agent of `config.dataDir`, running. @throws Fault when identity or spool can't be opened. */
export async function startAgent(config: AgentConfig, surroundings: Surroundings): Promise<Agent> {
  const teardowns: Teardown[] = []
  const stop = async (reason: GoodbyeReason): Promise<void> => {
    for (const end of teardowns.splice(0).reverse()) await endOne(end, reason, surroundings.log)
  }
  try {
    const wire = await start(config, surroundings, (end) => void teardowns.push(end))
    return { isConnected: () => wire.isConnected(), sleep: () => wire.pause('sleep'), stop }
  } catch (error) {
    await stop('stop')
    throw error
  }
}

/** In the order in which a signal lives; the isolation is made true before anything dials. */
async function start(config: AgentConfig, surroundings: Surroundings, onStop: (end: Teardown) => void): Promise<Wire> {
  const parts = await openParts(config, surroundings, onStop)
  if (parts.lastRun?.tampered) await parts.signals.happened(parts.lastRun.tampered)
  let wire: Wire | undefined
  const isolation = await startIsolation(parts, () => wire?.isConnected() ?? false)
  onStop(() => isolation.stop())
  const rest = restOf(parts, isolation)
  const sense = startSensing(parts, isolation, rest)
  onStop(() => sense.stop())
  parts.people.onResealed(() => sense.takeStock())
  onStop(parts.policy.onChanged((keys) => sense.judgeAnew(keys)))
  const verifying = { open: backupsOf(config, parts.host), time: parts.time, log: parts.log }
  onStop(startVerifying({ ...verifying, happened: (event) => parts.signals.happened(event) }))
  const isAllowed = (): boolean => parts.inForce.isolation().asksNeighbours && isolation.status().actual === 'open'
  const neighbours = openNeighbours({ time: parts.time, isAllowed })
  onStop(() => neighbours.stop())
  const line: Line = {
    received: (commandId, at) => wire?.received(commandId, at),
    progress: (said) => wire?.progress(said) ?? false,
    ask: () => wire?.ask(),
    heardAt: () => wire?.heardAt(),
  }
  const commands = await startCommands(parts, { isolation, sense, neighbours }, line)
  onStop(() => commands.stop())
  wire = dial(parts, { isolation, sense, neighbours }, commands, rest)
  onStop((reason) => wire?.stop(reason))
  return wire
}

async function openParts(config: AgentConfig, surroundings: Surroundings, onStop: (end: Teardown) => void): Promise<Parts> {
  const { time, log, probe = createProbe({ time, log }), host = createHost(time), detectors = allDetectors, lastRun, hurry } = surroundings
  const { dataDir } = config
  const identity = await openIdentity({ dataDir, time, log })
  onStop(() => identity.stop())
  const spool = await openSpool({
    ...{ dir: join(dataDir, 'spool'), maxBytes: config.spoolMaxBytes, keepAcknowledgedMs: config.keepAcknowledgedMs },
    ...{ endpointId: identity.endpointId, reportOf: (reason, epoch) => reportOfRestart(reason, epoch, time.now()), time, log },
  })
  onStop(() => spool.close())
  const hearers: Parts['hearers'] = [(signal) => isAttack(signal) && hurry?.()]
  const noticed = (signal: Signal): void => {
    for (const hear of hearers) hear(signal)
  }
  const signals = await openSignals({ file: jsonFile(join(dataDir, 'signals.json')), spool, noticed, time, log })
  const policy = openPolicy(identity)
  const inForce = settingsInForce(policy, config)
  const suspender = await openSuspender({
    ...{ file: jsonFile(join(dataDir, 'accusations.json')), processes: openProcesses(), isAllowed: inForce.suspendsAlone },
    ...{ hurry, time, log },
  })
  const people = await openAtMachine({ config, host, identity, spool, signals, time, log })
  onStop(() => people.stop())
  return { config, time, log, probe, host, detectors, identity, spool, signals, suspender, hearers, policy, inForce, lastRun, people }
}

async function startIsolation(parts: Parts, isConnected: () => boolean): Promise<Isolation> {
  const { config, time, log, probe, host, identity, spool, signals, people } = parts
  const isolation = await openIsolation({
    ...{ isConnected, host, nextNumber: people.nextNumber, changed: people.changed },
    dir: join(config.dataDir, 'isolation'),
    firewall: firewallFor(probe.platform, host, time),
    ...config.isolation,
    settings: parts.inForce.isolation,
    ...{ ca: identity.ca, collectorAddresses: () => identity.addresses.resolve() },
    ...{ happened: (event) => signals.happened(event), append: (lane, body) => spool.append(lane, body), time, log },
  })
  await isolation.reapply()
  await people.begin(isolation)
  return isolation
}

function restOf({ config, spool, time }: Parts, isolation: Isolation): Rest {
  const starts = jsonFile(join(config.dataDir, 'starts.json'))
  const isCutOff = (): boolean => isolation.status().actual !== 'open'
  const backupVerified = () => lastVerified(backupsFolderOf(config), join(config.dataDir, 'restic.json'))
  return openRest({ starts, spool, isCutOff, memoryBytes: () => process.memoryUsage.rss(), backupVerified, time })
}

function startSensing(
  { config: { authLogs, dataDir }, time, log, probe, host, detectors, spool, signals, suspender, policy, inForce, lastRun, people }: Parts,
  isolation: Isolation,
  rest: Rest,
): Sense {
  const canaryFile = jsonFile(join(dataDir, 'canaries.json'))
  const memory = openHealthMemory(jsonFile(join(dataDir, 'health.json')), log)
  const runtime = `Node ${process.version}`
  const ours = { policy: policy.number, release: () => people.release.sealed() }
  const about = { version: packageJson.version, runtime, isolation: () => isolation.status().readiness, ...ours }
  const settings = inForce.sensing({
    ...{ authLogs, canaryFile, ...betweenDetectors(time, probe.platform), suspend: suspender.accuse },
    ...{
      shareClients: () => shareClients(host),
      watchByAudit: (...asked) => watchByAudit(host, log, ...asked),
      agent: rest,
      memory,
      wasUpdated: lastRun?.wasUpdated ?? false,
    },
  })
  const judging = { healthSettings: policy.health, memory, sampleEveryMs: inForce.sampleEveryMs }
  return startSense({ detectors, probe, signals, spool, settings, about, ...judging, time, log })
}

async function startCommands(parts: Parts, limbs: Limbs, line: Line): Promise<Commands> {
  const { config, time, log, identity, spool, signals } = parts
  await removeLeftScripts(scriptsFolderOf(config))
  const commands = await createCommands({
    authorities: identity.authorities,
    trust: {
      ...{ organisationId: identity.organisationId, register: () => identity.register(), role: roleOf(parts) },
      accuses: (args) => parts.suspender.accuses(args),
    },
    endpointId: identity.endpointId,
    journalDir: join(config.dataDir, 'commands'),
    machine: machineOf(parts, limbs),
    standingFile: jsonFile(join(config.dataDir, 'commands', 'standing.json')),
    contact: line,
    append: (lane, body) => spool.append(lane, body),
    ...line,
    happened: (event) => signals.happened(event),
    time,
    log,
  })
  unawaited(commands.recover(), log, 'commands of the run before this one could not be taken up')
  parts.hearers.push((signal) => commands.noticed(signal))
  // What a crash kept from being heard of is true still.
  for (const signal of signals.allStanding()) commands.noticed(signal, signal.sensedAt)
  return commands
}

const backupsFolderOf = ({ dataDir }: AgentConfig): string => join(dataDir, 'backups')
const backupsOf = (config: AgentConfig, host: Host) => () => openBackups(host, backupsFolderOf(config), join(config.dataDir, 'restic.json'))

const scriptsFolderOf = ({ dataDir }: AgentConfig): string => join(dataDir, 'commands')

function machineOf({ config, probe, host, suspender, time, identity, people }: Parts, { isolation, sense, neighbours }: Limbs): Machine {
  const { dataDir, services, isTrial } = config
  const scriptsFolder = scriptsFolderOf(config)
  const quarantine = openQuarantine(join(dataDir, 'quarantine'), (path) => !relative(realpathSync(dataDir), path).startsWith('..'))
  const towards: Pick<Machine, 'handOver' | 'collectorAddress'> = {
    handOver: (commandId, bytes, sent) => upload({ identity, time }, commandId, bytes, sent),
    collectorAddress: async () => (await identity.addresses.resolve().catch(() => []))[0]?.address,
  }
  const backups = { openBackups: backupsOf(config, host), backupsFolder: backupsFolderOf(config) }
  const library = { ...backups, ...towards, host, processes: suspender.processes, quarantine, services, scriptsFolder, isTrial, time }
  const { tellAbout } = people
  return { isolation, tellAbout, neighbours, rearm: () => sense.rearm(), uptimeSeconds: () => probe.uptimeSeconds(), ...library }
}

const roleOf = ({ identity, probe, time, log }: Parts): (() => Promise<Role>) =>
  openOwnRole({ said: identity.role, look: async () => (await probe.role()).role, time, log })

function dial(parts: Parts, { isolation, sense, neighbours }: Limbs, commands: Commands, rest: Rest): Wire {
  const { identity, spool, signals, time, log } = parts
  return startWire({
    ...{ identity, spool, time, log, version: packageJson.version },
    capabilities: [...agentCapabilities, ...verbs.keys()],
    documents: {
      numbers: () => identity.documents.numbers(),
      welcomed: (theirs) => identity.documents.welcomed(theirs),
      take: (frame) => void takeDocument(frame, { ...parts, isolation }),
    },
    isolation: () => isolation.status(),
    appendStanding: () => signals.appendStanding(),
    // Whoever was revoked must be known before anything that they signed is looked at.
    onCommand: (signed) => {
      const taken = identity.documents.settled().then(() => commands.take(signed))
      unawaited(taken, log, 'a command could not be taken')
    },
    onWatch: (isWatched) => sense.setWatched(isWatched),
    onTaken: (takes) => sense.tellTaken(takes),
    onNeighbours: (places, isLasting) => (isLasting ? neighbours.keep(places) : neighbours.warm(places)),
    onCollectorTime: (now) => {
      commands.noteCollectorTime(now)
      rest.noteCollectorTime(now)
    },
  })
}

async function endOne(end: Teardown, reason: GoodbyeReason, log: Logger): Promise<void> {
  try {
    await end(reason)
  } catch (error) {
    log.error({ reason: sentenceOf(error) }, 'a part of the agent could not be ended cleanly')
  }
}
