import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import type { LiveEvent } from '#shared/api/live.ts'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import type { NeighbourPlace } from '#shared/domain/neighbours.ts'
import type { Signal } from '#shared/domain/signal.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { createAudit } from '../../server/audit/audit.ts'
import { createDispatcher, type Dispatcher } from '../../server/command/dispatcher.ts'
import { createWarm } from '../../server/command/warm-neighbours.ts'
import { createDesk, type Desk } from '../../server/desk/desk.ts'
import { type Matrices, openMatrices } from '../../server/desk/matrices.ts'
import { type BulkRoom, openBulk } from '../../server/desk/open-bulk.ts'
import { createPassOn } from '../../server/desk/pass-on.ts'
import { openTelling, type TellingOptions } from '../../server/desk/telling.ts'
import { createFire } from '../../server/due/due.ts'
import { createTimers, type Timers } from '../../server/escalate/timers.ts'
import { createLiveBus } from '../../server/live.ts'
import type { Outbox } from '../../server/notify/outbox.ts'
import type { Receivers } from '../../server/notify/receivers.ts'
import { type Kept, tellOutside } from '../../server/pipeline/keep.ts'
import { createLoops } from '../../server/pipeline/loop.ts'
import { createPipeline, type Pipeline } from '../../server/pipeline/pipeline.ts'
import { createTurns } from '../../server/pipeline/turns.ts'
import { createAgentsWord } from '../../server/restore/agents-word.ts'
import { loadMatrix, type Matrix } from '../../server/route/matrix.ts'
import { openStore, type Store, type Tx } from '../../server/store/store.ts'
import { keepEntries } from '../../server/ticket/ticket.ts'
import { storeUrl } from './database.ts'
import { FakeTime } from './fake-time.ts'

export const matrixFile = join(import.meta.dirname, '../../server/route/default-matrix.yaml')

export async function defaultMatrix(): Promise<Matrix> {
  const loaded = await loadMatrix(matrixFile)
  if (loaded.kind === 'bad') throw new Error(JSON.stringify(loaded.problems))
  return loaded.matrix
}

/** The desk's half of a collector on a real store: what stands between ingest's commit and the socket. */
export interface DeskRoom {
  store: Store
  time: FakeTime
  /** The one in force when the room was opened. */
  matrix: Matrix
  matrices: Matrices
  pipeline: Pipeline
  timers: Timers
  desk: Desk
  dispatcher: Dispatcher
  bulk: BulkRoom
  outbox: Outbox
  receivers: Receivers
  /** What reached an endpoint; `isConnected` decides whether anything does. */
  sent: { endpointId: string; order: CommandOrder }[]
  isConnected: boolean
  /** Endpoints that are not, while others are. */
  away: Set<string>
  /** Ingest has work that waits. */
  isIngestBusy: boolean
  /** Verbs that the agents don't know. */
  unnamed: string[]
  /** Hints to neighbours of a machine that is about to be isolated. */
  warmed: { endpointId: string; places: NeighbourPlace[] }[]
  /** Of operators; undefined: the collector commands alone. */
  register: Register | undefined
  heard: LiveEvent[]
  /** Ingest's commit, then the pipeline until nothing is left to do. */
  signals(...signals: Partial<PlacedSignal>[]): Promise<void>
  /** Stops everything and starts it again on the same file, as after a crash. */
  restart(): Promise<DeskRoom>
  close(): Promise<void>
}

export interface PlacedSignal extends Signal {
  origin?: 'sent' | 'collector'
  ageMs: number
  endpointId: string | null
  /** Of what has no machine. */
  sourceId?: string
  organisationId: string
}

export interface Options {
  startsAt?: string
  mode?: 'observe' | 'live'
  plan?: string
  roles?: Record<string, Role>
  url?: string
  /** How it tells people: a mail server, what it may call. */
  calls?: Partial<TellingOptions['config']>
}

/** Organisation `acme` (Europe/Berlin, live) with the site `site-1` and the endpoints of `roles`, by default ws, srv, core. */
export async function openDeskRoom(options: Options = {}): Promise<DeskRoom> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-desk-'))
  const url = options.url ?? (await storeUrl(folder))
  const time = new FakeTime(options.startsAt)
  const store = await openStore(url)
  await store.db.transaction().execute((tx) => seed(tx, time.now(), options))
  const room = await startRoom(store, { url, folder, time, calls: options.calls ?? {} })
  const close = room.close
  room.close = async () => {
    await close()
    await rm(folder, { recursive: true, force: true })
  }
  return room
}

interface Place {
  url: string
  folder: string
  time: FakeTime
  calls: Partial<TellingOptions['config']>
}

async function startRoom(store: Store, place: Place): Promise<DeskRoom> {
  const { folder, time, calls } = place
  const log = pino({ level: process.env.TIERLINE_TEST_LOG ?? 'silent' })
  const matrices = await openMatrices({ store, time })
  const bus = createLiveBus()
  const free = createLoops({ time, log })
  const loops: typeof free = (name, round) => free(name, () => time.waitsFor(round()))
  const turns = createTurns(store.db)
  const sayOnTimeline: TellingOptions['sayOnTimeline'] = (tx, ticketId, entry) =>
    keepEntries(tx, store.capabilities.putRows, [{ ticketId, entry }])
  const afterCommit = (kept: Kept): void => tellOutside(kept, { dispatcher, outbox, timers, pipeline, bus }, time.now())
  const shared = { store, rules: matrices.rules, time, log, turns, loops, afterCommit }

  const sent: DeskRoom['sent'] = []
  const heard: LiveEvent[] = []
  bus.subscribe((event) => heard.push(event))
  const warmed: DeskRoom['warmed'] = []
  const warm = createWarm({ db: store.deskReader, time, log, send: (endpointId, places) => void warmed.push({ endpointId, places }) })
  const audit = createAudit({ time })
  const { take: takeWord } = createAgentsWord({ store, audit })
  const sign = async (order: CommandOrder): Promise<string> => JSON.stringify(order)
  const isConnected = (endpointId: string): boolean => room.isConnected && !room.away.has(endpointId)
  const register = (): Register | undefined => room.register
  const dispatcher = createDispatcher({
    ...{ db: store.db, time, log, bus, loops, sayOnTimeline, takeWord },
    sign,
    onSettled: () => bulk.nudge(),
    send: (endpointId, { verb, jws }) => {
      if (!isConnected(endpointId)) return 'away'
      if (room.unnamed.includes(verb)) return 'unnamed'
      sent.push({ endpointId, order: orderIn(jws) })
      return 'sent'
    },
    warm: (commands) => warm(commands),
    register,
    onResult: () => pipeline.nudge(true),
  })
  const config = { dataDir: folder, publicUrl: 'https://rmm.example.org', mayCall: ['127.0.0.1'], ...calls }
  const telling = openTelling({ config, store, time, log, sayOnTimeline, onUnreached: createPassOn(matrices) })
  const { outbox, receivers } = telling
  const timers = createTimers({ db: store.db, time, loops, fire: createFire(shared) })
  const pipeline = createPipeline({ ...shared, seal: dispatcher.seal, isBusy: () => room.isIngestBusy })
  const desk = createDesk(shared)
  const hasGivenChance = (): boolean => pipeline.hasGivenChance()
  const bulkNeeds = { sign, register, bus, isConnected, hasGivenChance, dispatcher, record: audit.record, sayOnTimeline }
  const bulk = openBulk({ ...shared, ...bulkNeeds })
  const stop = async (): Promise<void> => {
    await bulk.close()
    for (const each of [pipeline, timers, dispatcher, telling]) await each.stop()
    await store.close()
  }
  const room: DeskRoom = {
    ...{
      store,
      time,
      matrix: matrices.rules.matrix,
      matrices,
      pipeline,
      timers,
      desk,
      dispatcher,
      bulk,
      outbox,
      sent,
      heard,
      isConnected: true,
      away: new Set(),
      isIngestBusy: false,
      unnamed: [],
      warmed,
      register: undefined,
    },
    receivers,
    async signals(...signals) {
      await putSignals(store, signals, time.now())
      await pipeline.idle()
      await dispatcher.idle()
    },
    async restart() {
      await stop()
      return startRoom(await openStore(place.url), place)
    },
    close: stop,
  }
  timers.replan()
  return room
}

export async function putSignals(store: Store, signals: Partial<PlacedSignal>[], now: number): Promise<void> {
  const rows = signals.map((signal) => signalRow(signal, now))
  await store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'signals', rows, 'ignore'))
}

let count = 0

export function signalRow(signal: Partial<PlacedSignal>, now: number) {
  const { endpointId = 'ws', organisationId = 'acme', kind = 'health.disk.full', severity = 'medium', state = 'raised' } = signal
  const id = signal.id ?? `signal-${String(++count).padStart(8, '0')}`
  return {
    ...{
      id,
      organisation_id: organisationId,
      endpoint_id: signal.sourceId === undefined ? endpointId : null,
      source_id: signal.sourceId ?? null,
      kind,
      severity,
      state,
    },
    ...{ fingerprint: signal.fingerprint ?? kind, about: signal.about ?? '', summary: signal.summary ?? `It is ${kind}` },
    ...{
      facts: JSON.stringify(signal.facts ?? {}),
      evidence: '[]',
      detector: 'test',
      sensed_at: now,
      received_at: now,
      age_ms: signal.ageMs ?? 0,
    },
    ...{
      origin: signal.sourceId === undefined ? (signal.origin ?? ('sent' as const)) : ('source' as const),
      handled_at: null,
      outcome: null,
      ticket_id: null,
    },
  }
}

/** The collector of these rooms signs nothing; operators do. */
const orderIn = (jws: string): CommandOrder =>
  JSON.parse(jws.startsWith('{') ? jws : Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString())

async function seed(db: Tx, now: number, { mode = 'live', plan = 'standard', roles }: Options): Promise<void> {
  for (const id of ['acme', 'other']) {
    await db.insertInto('organisations').values({ id, name: id, mode, plan, time_zone: 'Europe/Berlin', created_at: now }).execute()
  }
  await db.insertInto('sites').values({ id: 'site-1', organisation_id: 'acme', name: 'Berlin', time_zone: null, created_at: now }).execute()
  const machines = Object.entries<Role>(roles ?? { ws: 'workstation', srv: 'server', core: 'core', unknown: 'unknown' })
  for (const [id, role] of machines) {
    const row = { id, organisation_id: 'acme', site_id: 'site-1', hostname: `${id}-host`, platform: 'linux' as const }
    await db
      .insertInto('endpoints')
      .values({ ...row, confirmed_role: null, enrolled_at: now, removed_at: null })
      .execute()
    await db.insertInto('inventories').values({ endpoint_id: id, at: now, role, agent_version: '1', body: '{}' }).execute()
  }
}
