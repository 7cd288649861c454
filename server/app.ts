import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import packageJson from '../package.json' with { type: 'json' }
import { agentsUrlOf, certificateHosts } from './addresses.ts'
import { type Archives, createArchives } from './archive/archive.ts'
import { ruleKeepers } from './arm/arm.ts'
import { type Audit, createAudit } from './audit/audit.ts'
import { keepResults } from './command/command.ts'
import { createDispatcher, type Dispatcher } from './command/dispatcher.ts'
import { createStanding, type StandingOrders } from './command/standing/standing.ts'
import { openNeighbours } from './command/warm-neighbours.ts'
import { type CollectorConfig, isLoopback, storeUrlOf } from './config.ts'
import { openAuditBook } from './desk/audit-book.ts'
import { startAuditHeads } from './desk/audit-heads.ts'
import { createDesk, type Desk } from './desk/desk.ts'
import { createHeld, type Held } from './desk/held.ts'
import { createHeldMails } from './desk/held-mails.ts'
import { createLedgers } from './desk/ledgers.ts'
import { type Matrices, openMatrices } from './desk/matrices.ts'
import { type BulkRoom, openBulk } from './desk/open-bulk.ts'
import { createPassOn } from './desk/pass-on.ts'
import { openPolicies, type Policies, policyNeeds } from './desk/policies.ts'
import { startRetention as endOldTickets } from './desk/retention.ts'
import { createSigning, type Signing } from './desk/signing.ts'
import { openStaffing, type Staffing } from './desk/staffing.ts'
import { openTelling, type Telling } from './desk/telling.ts'
import { startDrill } from './drill/drill.ts'
import { createFire } from './due/due.ts'
import { startSelfCheck } from './due/self-check.ts'
import { createTimers } from './escalate/timers.ts'
import { type Http, startHttp } from './http/http.ts'
import { type Identity, openIdentity } from './identity/identity.ts'
import { renewWhenDue } from './identity/renew-when-due.ts'
import { raiseAllWithin, raiseWithin } from './ingest/handled.ts'
import { createIngest, type Ingest } from './ingest/ingest.ts'
import { startRetention } from './ingest/retention.ts'
import { explainListen } from './listen-fault.ts'
import { aboutEndpoints, createLiveBus, type LiveBus } from './live.ts'
import { startMeasure } from './measure/measure.ts'
import type { OutboxOptions } from './notify/outbox.ts'
import { createPeople, type People } from './people/people.ts'
import { type Kept, tellOutside } from './pipeline/keep.ts'
import { createLoops } from './pipeline/loop.ts'
import { createPipeline, type Pipeline } from './pipeline/pipeline.ts'
import { watchSettling } from './pipeline/suppression.ts'
import { createTurns } from './pipeline/turns.ts'
import { startPresence } from './presence/presence.ts'
import { type AgentsWord, createAgentsWord } from './restore/agents-word.ts'
import { startRestored } from './restore/restore.ts'
import { createScripts } from './script/script.ts'
import { prepareDataFolder } from './store/data-folder.ts'
import { openStore, type Store } from './store/store.ts'
import * as words from './ticket/sentences.ts'
import { keepEntries } from './ticket/ticket.ts'
import { type AgentWire, startWire } from './wire/wire.ts'

/*
 * The only file that news things up, from the disk to the doors: ground (store, people, identity, matrix), desk
 * (pipeline, timers, commands, outbox), intake (ingest and what it feeds), doors (agents' port, console and API).
 * Whatever starts leaves its stop on one stack, which is drained in reverse: doors first, the store last.
 */

export interface Collector {
  consoleUrl: string
  agentsUrl: string
  /** Only when it was made now; shown once. */
  firstSignIn?: { login: string; password: string }
  /** The organisation that the first run made, or the oldest. */
  organisationId: string
  store: Store
  identity: Identity
  people: People
  pipeline: Pipeline
  wire: AgentWire
  /** Stop accepting, commit, acknowledge, say goodbye, close. */
  stop(): Promise<void>
}

export interface Surroundings {
  time: Time
  log: Logger
}

/** @throws Fault with one sentence for whatever a person can put right. */
export async function startCollector(config: CollectorConfig, surroundings: Surroundings): Promise<Collector> {
  const teardowns = new AsyncDisposableStack()
  const around = { ...surroundings, config, teardowns }
  try {
    const ground = await layGround(around)
    const desk = createDeskRoom(around, ground)
    const intake = await createIntake(around, ground, desk)
    const doors = await openDoors(around, ground, desk, intake)
    carryOn(desk)
    const { store, identity, people, firstRun } = ground
    const { wire, http, agentsUrl } = doors
    const about = { store, identity, people, pipeline: desk.pipeline, wire, consoleUrl: http.url, agentsUrl }
    return { ...about, ...firstRun, stop: () => teardowns.disposeAsync() }
  } catch (error) {
    await teardowns.disposeAsync()
    throw error
  }
}

interface Around extends Surroundings {
  config: CollectorConfig
  teardowns: AsyncDisposableStack
}

// ── ground ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Ground {
  store: Store
  audit: Audit
  agentsWord: AgentsWord
  people: People
  identity: Identity
  policies: Policies
  matrices: Matrices
  bus: LiveBus
  firstRun: { organisationId: string; firstSignIn?: { login: string; password: string } }
}

async function layGround({ config, time, log, teardowns }: Around): Promise<Ground> {
  prepareDataFolder(config.dataDir)
  const store = await openStore(storeUrlOf(config))
  teardowns.defer(() => store.close())
  const matrices = await openMatrices({ store, time, file: config.matrixFile })
  teardowns.defer(matrices.watch(log))
  await startRestored(store, matrices.rules, time.now())
  const audit = createAudit({ time })
  const people = createPeople({ store, time, audit })
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const firstRun = await people.ensureFirstRun({ mode: config.firstMode ?? 'observe', timeZone })
  const identity = await openIdentity({ dataDir: config.dataDir, store, time, verbs: ['*'], log, raiseWithin })
  teardowns.defer(identity.watchDocuments())
  const policies = await openPolicies({ store, time, log, raiseWithin, ...policyNeeds(identity) })
  teardowns.defer(policies.watch())
  const agentsWord = createAgentsWord({ store, audit })
  return { store, audit, agentsWord, people, identity, policies, matrices, bus: createLiveBus(), firstRun }
}

// ── desk ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface DeskRoom {
  desk: Desk
  held: Held
  signing: Signing
  bulk: BulkRoom
  standing: StandingOrders
  pipeline: Pipeline
  dispatcher: Dispatcher
  telling: Telling
  staffing: Staffing
  timers: { replan(): void }
  /** The agents' port opens last; until then no endpoint is connected, and ingest has nothing to do. */
  connect(wire: AgentWire, ingest: Ingest): void
}

function createDeskRoom({ config, time, log, teardowns }: Around, { store, matrices, bus, identity, agentsWord, audit }: Ground): DeskRoom {
  const { db } = store
  const loops = createLoops({ time, log })
  const afterCommit = (kept: Kept): void => tellOutside(kept, { dispatcher, outbox, timers, pipeline, bus }, time.now())
  const shared = { store, rules: matrices.rules, time, log, turns: createTurns(db), loops, afterCommit }
  const sayOnTimeline: OutboxOptions['sayOnTimeline'] = (tx, ticketId, entry) =>
    keepEntries(tx, store.capabilities.putRows, [{ ticketId, entry }])

  let wire: AgentWire | undefined
  let ingest: Ingest | undefined
  const send: AgentWire['sendCommand'] = (endpointId, command) => wire?.sendCommand(endpointId, command) ?? 'away'
  const telling = openTelling({ config, store, time, log, sayOnTimeline, onUnreached: createPassOn(matrices) })
  const { outbox } = telling
  teardowns.defer(() => telling.stop())
  const said = { onResult: () => pipeline.nudge(true), sayOnTimeline, takeWord: agentsWord.take }
  const signs = { sign: identity.authority.sign, register: identity.register, auditHead: audit.headText }
  const { warm } = teardowns.use(openNeighbours({ store, time, log, bus, ask: (...asked) => wire?.askNeighbour(...asked) }))
  const judges = { isConnected: (id: string) => wire?.isConnected(id) ?? false, hasGivenChance: () => pipeline.hasGivenChance() }
  const reached = { send, ...judges, onSettled: () => bulk.nudge() }
  const dispatcher = createDispatcher({ db, reader: store.deskReader, time, log, bus, loops, warm, ...reached, ...signs, ...said })
  teardowns.defer(() => dispatcher.stop())
  const bulk = openBulk({ ...shared, ...signs, bus, ...judges, dispatcher, record: audit.record, sayOnTimeline })
  teardowns.defer(() => bulk.close())
  const standing = createStanding({ ...shared, ...identity.authority, ...signs, sayOnTimeline, nudge: dispatcher.nudge })
  teardowns.defer(() => standing.stop())
  const timers = createTimers({ db, time, loops, fire: createFire({ ...shared, ...judges }) })
  teardowns.defer(() => timers.stop())
  const pipeline = createPipeline({ ...shared, warm, seal: dispatcher.seal, isBusy: () => ingest?.isBusy() ?? false })
  teardowns.defer(() => pipeline.stop())
  teardowns.defer(startSelfCheck({ ...shared, ...signs, audit, config, ingest: () => ingest, onRaised: () => pipeline.nudge(true) }).stop)
  const staffing = openStaffing({ store, time, timers, matrices, outbox, pipeline, log })
  teardowns.defer(() => staffing.modes.stop())
  teardowns.defer(endOldTickets({ ...shared, audit }))
  teardowns.defer(startAuditHeads({ ...shared, audit, documents: identity.documents, dataDir: config.dataDir, outbox }))
  const connect = (opened: AgentWire, feeding: Ingest): void => {
    wire = opened
    ingest = feeding
  }
  const desk = createDesk(shared)
  telling.answerTo(desk)
  const signing = createSigning({ ...shared, register: identity.register, sayOnTimeline, dispatcher })
  return { desk, held: createHeld(shared), signing, bulk, standing, pipeline, dispatcher, telling, staffing, timers, connect }
}

/** What a crash left undone: unhandled signals, timers that came due meanwhile, commands and notices not yet out. */
function carryOn({ pipeline, timers, dispatcher, bulk, standing, telling }: DeskRoom): void {
  timers.replan()
  pipeline.nudge(true)
  for (const { nudge } of [dispatcher, bulk, standing, telling.outbox]) nudge()
}

// ── intake ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Intake {
  ingest: Ingest
  archives: Archives
  presence: Awaited<ReturnType<typeof startPresence>>
}

async function createIntake({ config, time, log, teardowns }: Around, { store, bus }: Ground, { pipeline }: DeskRoom): Promise<Intake> {
  const publish = aboutEndpoints(bus, time)
  const measure = startMeasure({ store, time, log })
  teardowns.defer(() => measure.stop())
  const settling = watchSettling({ store, time, version: packageJson.version, keepSamples: measure.keepSamples })
  const presence = await startPresence({
    ...{ store, time, log, ...(config.presence && { options: config.presence }) },
    raiseAllWithin: (tx, troubles, now) => raiseAllWithin(tx, store.capabilities, troubles, now),
    keepGoings: settling.keepGoings,
    onChanged: (endpoints) => publish('endpoint', endpoints),
    onRaised: () => pipeline.nudge(false),
  })
  teardowns.defer(() => presence.stop())
  teardowns.defer(startRetention({ store, time, log }))
  const ingest = createIngest({
    store,
    time,
    keepers: { ...measure, ...ruleKeepers(store), keepSamples: settling.keepSamples, keepResults },
    onCommitted: ({ hasWork, hasSecurity, sampled, inventoried }) => {
      if (hasWork) pipeline.nudge(hasSecurity)
      publish('sample', sampled)
      publish('endpoint', inventoried)
    },
  })
  teardowns.defer(() => ingest.idle())
  teardowns.defer(startDrill({ ...config, time, log, isBusy: ingest.isBusy }).stop)
  return { ingest, presence, archives: createArchives({ store, time, log, teardowns, dataDir: config.dataDir }) }
}

// ── doors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function openDoors(
  around: Around,
  ground: Ground,
  room: DeskRoom,
  intake: Intake,
): Promise<{ wire: AgentWire; http: Http; agentsUrl: string }> {
  const { config, time, log, teardowns } = around
  const { identity, policies, store, bus, matrices, people, audit } = ground
  const certificate = await identity.serverCertificate(certificateHosts(config))
  const wire = await openAgentsPort(around, ground, room, intake, certificate)
  const agentsUrl = agentsUrlOf(config, wire.port)
  const about = { time, log, version: packageJson.version, people, audit, matrices, policies, identity, bus, store, config, agentsUrl }
  const stages = {
    desk: room.desk,
    ...{ held: room.held, signing: room.signing, bulk: room.bulk, standing: room.standing },
    ...{ heldMails: createHeldMails({ store, desk: room.desk }), receivers: room.telling.receivers },
    ...{ ...room.staffing, ingest: intake.ingest },
    ...{ archives: intake.archives, scripts: createScripts({ store, time }), ...createLedgers(matrices) },
    ...{ wire, words, auditBook: openAuditBook({ store, audit, documents: identity.documents }) },
  }
  const tls = isLoopback(config.console.host) ? {} : { tls: certificate }
  const http = await startHttp({ ...about, ...stages, ...tls }).catch(explainListen('--port', config.console))
  teardowns.defer(() => http.stop())
  room.telling.listensAt(http.url)
  teardowns.defer(renewWhenDue(around, identity, certificateHosts(config), [wire, http]))
  teardowns.defer(identity.documents.onChanged(() => room.pipeline.nudge(false)))
  return { wire, http, agentsUrl }
}

async function openAgentsPort(
  { config, time, log, teardowns }: Around,
  { identity, policies }: Ground,
  { dispatcher, connect }: DeskRoom,
  intake: Intake,
  certificate: Awaited<ReturnType<Identity['serverCertificate']>>,
): Promise<AgentWire> {
  const logged = (doing: Promise<void>, endpointId: string): void => {
    doing.catch((error: unknown) => log.error({ endpointId, reason: sentenceOf(error) }, 'what an agent said of its commands was not kept'))
  }
  const options = { listen: config.agents, certificate, version: packageJson.version, identity, policies, ...intake, time, log }
  const wire = await startWire({
    ...options,
    onConnected: (endpointId) => logged(dispatcher.connected(endpointId), endpointId),
    onReceived: (endpointId, commandId, at) => logged(dispatcher.received(endpointId, commandId, at), endpointId),
    onProgress: (endpointId, said) => logged(dispatcher.progress(endpointId, said), endpointId),
    onReported: (endpointId, status) => logged(dispatcher.reported(endpointId, status), endpointId),
  }).catch(explainListen('--agents-port', config.agents))
  teardowns.defer(() => wire.stop())
  connect(wire, intake.ingest)
  return wire
}
