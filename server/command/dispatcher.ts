import DataLoader from 'dataloader'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Progress } from '#shared/protocol/messages.ts'
import type { LiveBus } from '../live.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { CreateLoop } from '../pipeline/loop.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import type { Offered } from '../wire/surroundings.ts'
import { outgoing } from './bulk/orders.ts'
import { withoutOverruledBulks } from './bulk/sign.ts'
import { keepReports, keepResults, type Report } from './command.ts'
import { createLiveOutputs, type Live } from './live-output.ts'
import { createOnTheirWay } from './on-their-way.ts'
import { byUrgency, mostUrgentFirst, nextQueued, queuedOf, unanswered, withQueued } from './queues.ts'
import { withoutSwitchedOff } from './scripts-off.ts'
import { createSeal, type Seal } from './seal.ts'
import { type SignNeeds, signRequested, withoutOverruled } from './sign.ts'
import { keepSent, keepStep, type Sending } from './steps.ts'
import type { Warm } from './warm-neighbours.ts'

/**
 * Brings commands to their endpoints: requested → queued (signed) → sent → delivered → running, each a fact with its
 * instant. What is urgent passes whatever waits, and of the rest an endpoint has a few at once.
 */
export interface Dispatcher {
  /** Something was requested. */
  nudge(): void
  /** Sends again whatever this endpoint has not answered; it answers a repeated one with its kept result. */
  connected(endpointId: string): Promise<void>
  /** Signs what the collector orders by itself, before it is kept. */
  seal: Seal
  /** These are signed and kept: they go out before anything is read or written. */
  goOut(sealed: readonly CommandsTable[]): void
  /** It stands in the endpoint's journal. */
  received(endpointId: string, orderId: string, at: number): Promise<void>
  /** It has begun there, or comes along. */
  progress(endpointId: string, said: Progress): Promise<void>
  /** How it comes along; undefined: nothing was said, or it is over. */
  liveOf(commandId: string): Live | undefined
  /** What is queued for machines of this organisation goes out as far as there is room: scripts were switched on again. */
  goOn(organisationId: string): Promise<void>
  /** Something is queued for these; who is connected of them gets it as far as there is room. */
  goFor(endpointIds: readonly string[]): void
  /** Nothing more is heard of these; what waited behind them goes out. */
  settled(commands: readonly { id: string }[]): void
  /** What the endpoint says is true of its isolation. */
  reported(endpointId: string, status: IsolationStatus): Promise<void>
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface DispatcherOptions {
  db: Kysely<Database>
  /** Only read, beside whatever is written; `db`, when absent. */
  reader?: Kysely<Database>
  time: Time
  log: Logger
  bus: LiveBus
  loops: CreateLoop
  sign: SignNeeds['sign']
  register?: SignNeeds['register']
  auditHead?: SignNeeds['auditHead']
  /** `away`: the endpoint is not connected. `unnamed`: it is, by an agent that didn't name this verb (invariant 12). */
  send(endpointId: string, command: { id: string; verb: string; jws: string; also?: string[] }): Offered
  /** An isolation goes out: whoever stands beside its machine is asked whether it answers. */
  warm?: Warm
  /** A guess that only spares work; who is connected, when absent, is asked by sending. */
  isConnected?(endpointId: string): boolean
  /** Nothing more is heard of some commands. */
  onSettled?(): void
  /** Something was kept that the pipeline has to handle: a result, or a word that differs. */
  onResult(): void
  /** After a restore an endpoint's first word says what is wanted of it; it may bring about a signal. */
  takeWord?(tx: Tx, endpointId: string, status: IsolationStatus, now: number): Promise<boolean>
  /** The ticket stage's. */
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
}

const maxCommands = 100
/** Of a round: what is asked for meanwhile, such as an isolation, is signed between two of them. */
const maxRefilled = 50

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, time, log, bus } = options
  const connected = new Set<string>()
  /** Endpoints for which something may be queued that has room now. */
  const roomy = new Set<string>()
  const onTheirWay = createOnTheirWay()
  const lives = createLiveOutputs()

  const hint = ({ id, organisation_id, endpoint_id, ticket_id, bulk_id }: CommandsTable): void => {
    const about = { organisationId: organisation_id, endpointId: endpoint_id, at: time.now() }
    bus.publish({ topic: 'command', id, ...about })
    if (bulk_id !== null) bus.publish({ ...about, topic: 'bulk', id: bulk_id, endpointId: null })
    if (ticket_id !== null) bus.publish({ topic: 'ticket', id: ticket_id, ...about })
  }
  const send = async (commands: readonly CommandsTable[]): Promise<void> => {
    options.warm?.(commands)
    const orderOf = await outgoing(db, commands)
    const sendings: Sending[] = []
    const unnamed: CommandsTable[] = []
    for (const command of await withoutSwitchedOff(db, commands)) {
      if (!onTheirWay.hasRoom(command)) continue
      const order = orderOf(command)
      const offered = order ? options.send(command.endpoint_id, { verb: command.verb, ...order }) : 'away'
      if (offered === 'unnamed') unnamed.push(command)
      if (offered !== 'sent') continue
      onTheirWay.add(command, time.now())
      sendings.push({ command, at: time.now() })
    }
    try {
      // Once all are out: nobody's order waits for the fact that another's has gone.
      for (const command of await keepSent(options, sendings)) hint(command)
    } finally {
      for (const command of unnamed) await refuseUnnamed(options, command)
    }
  }
  /** Whoever was taken out of a set for it is taken again with the next round, where it failed. */
  const forThese = async (set: Set<string>, endpointIds: readonly string[], work: () => Promise<void>): Promise<void> => {
    for (const endpointId of endpointIds) set.delete(endpointId)
    try {
      await work()
    } catch (error) {
      for (const endpointId of endpointIds) set.add(endpointId)
      throw error
    }
  }
  const inForce = async (commands: readonly CommandsTable[]): Promise<CommandsTable[]> =>
    withoutOverruledBulks(options, await withoutOverruled(options, commands))
  const makeRoom = (endpointIds: readonly string[]): void => {
    for (const endpointId of endpointIds) if (options.isConnected?.(endpointId) ?? true) roomy.add(endpointId)
    if (roomy.size > 0) loop.nudge()
  }
  /** What was connected meanwhile is taken before anything is awaited, so no endpoint is forgotten. */
  const resend = async (): Promise<void> => {
    const endpointIds = [...connected]
    if (endpointIds.length === 0) return
    await forThese(connected, endpointIds, async () => {
      await send(await inForce(await unanswered(db, endpointIds, time.now())))
      for (const endpointId of await withQueued(db, endpointIds)) roomy.add(endpointId)
    })
  }
  const refill = async (): Promise<void> => {
    for (const endpointId of [...roomy].slice(0, maxRefilled))
      await forThese(roomy, [endpointId], async () => send(await inForce(await nextQueued(db, endpointId, time.now()))))
  }
  const round = async (): Promise<boolean> => {
    await resend()
    const requested = await mostUrgentFirst(db).where('status', '=', 'requested').limit(maxCommands).execute()
    options.warm?.(requested)
    const signed = await signRequested(options, requested, time.now())
    await send(signed).catch((error: unknown) => {
      // They are queued, and requested no more.
      for (const { endpoint_id } of signed) roomy.add(endpoint_id)
      throw error
    })
    await refill()
    return requested.length > 0 || connected.size > 0 || roomy.size > 0
  }
  const loop = options.loops('dispatcher', round)
  const reports = new DataLoader<Report, undefined>((said) => keepSaid(options, said), gathered)

  const going = new Set<Promise<void>>()
  const goOut = (sealed: readonly CommandsTable[]): void => {
    const gone = send(byUrgency(sealed)).catch((error: unknown) => {
      log.error({ reason: sentenceOf(error) }, 'what was signed goes out with the next round')
      makeRoom(sealed.map(({ endpoint_id }) => endpoint_id))
    })
    going.add(gone)
    void gone.then(() => going.delete(gone))
  }
  const idle = async (): Promise<void> => {
    await Promise.all(going)
    await loop.idle()
  }

  return {
    nudge: () => loop.nudge(),
    seal: createSeal(options, options.reader ?? db),
    goOut: (sealed) => sealed.length > 0 && goOut(sealed),
    async connected(endpointId) {
      connected.add(endpointId)
      await loop.idle()
    },
    async received(endpointId, orderId, at) {
      const known = onTheirWay.of(endpointId, orderId)
      if (!known || known.isDelivered) return
      known.isDelivered = true
      const { commandId } = known
      log.debug({ endpoint: endpointId, command: commandId, agentsClock: at }, 'a command was delivered')
      const delivered = await keepStep(options, commandId, 'delivered', time.now())
      if (delivered) hint(delivered)
    },
    async progress(endpointId, { kind: _, commandId: orderId, ...said }) {
      const known = onTheirWay.of(endpointId, orderId)
      if (!known) return
      const { commandId } = known
      lives.take(commandId, said)
      bus.publish({ topic: 'progress', id: commandId, organisationId: known.organisationId, endpointId, at: time.now() })
      if (known.isRunning) return
      known.isRunning = true
      const running = await keepStep(options, commandId, 'running', time.now())
      if (running) hint(running)
    },
    liveOf: lives.of,
    goOn: async (organisationId) => makeRoom(await queuedOf(db, organisationId)),
    goFor: makeRoom,
    settled(commands) {
      const ids = commands.map(({ id }) => id)
      lives.forget(ids)
      makeRoom(onTheirWay.settled(ids))
      if (commands.length > 0) options.onSettled?.()
    },
    reported: (endpointId, status) => reports.load({ endpointId, status }),
    idle,
    async stop() {
      await Promise.all(going)
      await loop.stop()
    },
  }
}

/** A fleet that comes back says how it is all at once: those of one moment share a commit. */
const gathered = { cache: false, maxBatchSize: 200, batchScheduleFn: setImmediate }

async function keepSaid(options: DispatcherOptions, reports: readonly Report[]): Promise<undefined[]> {
  const { db, time, bus } = options
  const now = time.now()
  const ids = reports.map(({ endpointId }) => endpointId)
  const about = db.selectFrom('endpoints').select(['id', 'organisation_id as organisationId', 'word_awaited_since as awaitedSince'])
  const endpoints = await about.where('id', 'in', ids).execute()
  const awaited = new Set(endpoints.flatMap(({ id, awaitedSince }) => (awaitedSince === null ? [] : [id])))
  const isNews = await db.transaction().execute(async (tx) => {
    let differs = false
    for (const { endpointId, status } of reports)
      if (awaited.has(endpointId) && (await options.takeWord?.(tx, endpointId, status, now))) differs = true
    await keepReports(tx, reports, now)
    return differs
  })
  if (isNews) options.onResult()
  for (const { id, organisationId } of endpoints) bus.publish({ topic: 'endpoint', id, endpointId: id, at: now, organisationId })
  return reports.map(() => undefined)
}

/**
 * An agent that doesn't know a verb answers for it by not naming it, once: there is nothing to wait for. A command that
 * was sent before, to the agent as it was then, may have run: its own result, or its time running out, settles that.
 */
async function refuseUnnamed(
  { db, time, log, onResult }: DispatcherOptions,
  { id, verb, endpoint_id, sent_at }: CommandsTable,
): Promise<void> {
  if (sent_at !== null) return
  log.warn({ endpoint: endpoint_id, command: id, verb }, 'a command was not sent: the agent does not name its verb')
  const detail = `It was not sent: the agent on this machine does not know ${verb}. It has to be updated.`
  const finishedAt = time.now()
  const result = { v: 1, type: 'result', commandId: id, verb, outcome: 'refused', startedAt: null, finishedAt, detail } as const
  await db.transaction().execute((tx) => keepResults(tx, [{ endpointId: endpoint_id, result }], finishedAt))
  onResult()
}
