import { stageAt } from '#shared/domain/bulk.ts'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { AuditEntry } from '../../audit/audit.ts'
import type { LiveBus } from '../../live.ts'
import type { CreateLoop } from '../../pipeline/loop.ts'
import type { Tx } from '../../store/store.ts'
import type { SignNeeds } from '../sign.ts'
import { decide, type Machine, type Step } from './decide.ts'
import { type Beginning, type BulkHead, beginStage, endBulk, stopBulk } from './keep.ts'
import { signBulk } from './sign.ts'

/*
 * Takes bulk orders through their stages. Enters: that one was asked for, signed, or answered to. Leaves: a command for each
 * machine whose turn has come, or the order stopped with its reason. Promises: where it stands is on disk, and the next stage
 * begins in the transaction that says so: a collector that is killed goes on exactly there. Whoever was away until now
 * keeps the agents a moment to return before it judges who is connected.
 * Meets: a mistake that would hit every machine: see sign.ts for what the stages do not guard against.
 */

export interface Bulks {
  /** Something was asked, signed, stopped or answered. */
  nudge(): void
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface BulksOptions extends SignNeeds, Beginning {
  time: Time
  bus: LiveBus
  loops: CreateLoop
  record(tx: Tx, entry: AuditEntry): Promise<void>
  isConnected(endpointId: string): boolean
  /** Agents could have returned since we can hear them. */
  hasGivenChance(): boolean
  dispatcher: { goFor(endpointIds: readonly string[]): void; settled(commands: readonly { id: string }[]): void }
}

/** Whoever disconnects tells nobody here, so while a stage is awaited it is looked at so often; it has minutes. */
const lookEveryMs = seconds(5)
/** Otherwise only for those whose time is over. */
const sweepEveryMs = minutes(1)

export function createBulks(options: BulksOptions): Bulks {
  const { time, loops } = options
  const told = new Map<string, string>()
  let isStopped = false
  let cancelLook: Cancel = () => undefined

  const round = async (): Promise<boolean> => {
    cancelLook()
    const open = await openBulks(options)
    const taken: Taken[] = []
    for (const bulk of open) taken.push(await takeFurther(options, bulk, told))
    for (const id of told.keys()) if (!open.some((bulk) => bulk.id === id)) told.delete(id)
    const inMs = taken.includes('awaits') ? lookEveryMs : sweepEveryMs
    if (open.length > 0 && !isStopped) cancelLook = time.after(inMs, () => loop.nudge())
    return taken.includes('further')
  }
  const loop = loops('bulks', round)
  return {
    nudge: () => loop.nudge(),
    idle: () => loop.idle(),
    async stop() {
      isStopped = true
      await loop.stop()
      cancelLook()
    },
  }
}

function openBulks({ db }: BulksOptions): Promise<BulkHead[]> {
  const asked = ['id', 'organisation_id', 'verb', 'args', 'risk', 'status', 'requested_by', 'reason', 'requested_at', 'expires_at'] as const
  const staged = ['sizes', 'fail_percent', 'wait_ms', 'stage', 'stage_begun_at', 'judged_from', 'note', 'signatures', 'settled_at'] as const
  const open = db.selectFrom('bulks').select([...asked, ...staged])
  return open.where('status', 'in', ['requested', 'unsigned', 'running', 'stopped']).orderBy('requested_at').orderBy('id').execute()
}

/** `further`: there may be more to do at once; `awaits`: its next stage waits for answers. */
type Taken = 'further' | 'awaits' | 'rests'

async function takeFurther(options: BulksOptions, bulk: BulkHead, told: Map<string, string>): Promise<Taken> {
  const { time } = options
  // Of one that waits for a signature, or for whoever goes on, the time is over too.
  if (bulk.status !== 'running' && time.now() >= bulk.expires_at) {
    await keepStep(options, bulk, { kind: 'ends', as: 'expired' })
    hint(options, bulk)
    return 'further'
  }
  if (bulk.status === 'requested') {
    await signBulk(options, bulk, time.now())
    hint(options, bulk)
    return 'further'
  }
  if (bulk.status !== 'running') return 'rests'
  const machines = await machinesOf(options, bulk)
  const step = decide({ ...bulk, sizes: JSON.parse(bulk.sizes) as number[] }, machines, time.now())
  if (step.kind !== 'waits') {
    await keepStep(options, bulk, step)
    hint(options, bulk)
    return 'further'
  }
  const state = JSON.stringify([bulk.stage_begun_at, machines.map(({ status }) => status)])
  if (told.get(bulk.id) !== state) {
    hint(options, bulk)
    // Whoever is connected and waits: what was taken back, or waited for signatures, has its turn again.
    options.dispatcher.goFor(machines.flatMap(({ endpointId, status }) => (status === 'queued' ? endpointId : [])))
  }
  told.set(bulk.id, state)
  return bulk.stage < (JSON.parse(bulk.sizes) as number[]).length ? 'awaits' : 'rests'
}

async function machinesOf(
  { db, isConnected, hasGivenChance }: BulksOptions,
  { id, sizes }: BulkHead,
): Promise<(Machine & { endpointId: string })[]> {
  const stages = JSON.parse(sizes) as number[]
  const targets = db
    .selectFrom('bulk_targets')
    .leftJoin('commands', (join) =>
      join.onRef('commands.bulk_id', '=', 'bulk_targets.bulk_id').onRef('commands.endpoint_id', '=', 'bulk_targets.endpoint_id'),
    )
  const columns = ['place', 'bulk_targets.endpoint_id', 'commands.status', 'commands.settled_at'] as const
  const rows = await targets.select(columns).where('bulk_targets.bulk_id', '=', id).execute()
  const isKnown = hasGivenChance()
  return rows.map(({ place, endpoint_id, status, settled_at: settledAt }) => ({
    ...{ endpointId: endpoint_id, stage: stageAt(stages, place), status, settledAt },
    isConnected: !isKnown || isConnected(endpoint_id),
  }))
}

async function keepStep(options: BulksOptions, bulk: BulkHead, step: Exclude<Step, { kind: 'waits' }>): Promise<void> {
  const { db, time, record, dispatcher } = options
  const now = time.now()
  const about = { actor: 'system', target: `bulk:${bulk.id}`, organisationId: bulk.organisation_id }
  const changed = await db.transaction().execute(async (tx) => {
    if (step.kind === 'begins') {
      const begun = await beginStage(tx, options, bulk, step.stage, now)
      if (begun)
        await record(tx, { ...about, action: 'bulk.stage', detail: { verb: bulk.verb, stage: step.stage + 1, endpoints: begun.length } })
      return { begun: begun ?? [], dropped: [] }
    }
    const dropped = step.kind === 'stops' ? await stopBulk(tx, bulk.id, step.why, now) : await endBulk(tx, bulk.id, step.as, bulk.note, now)
    const [action, why] = step.kind === 'stops' ? ['bulk.stopped', step.why] : [`bulk.${step.as}`, '']
    if (dropped)
      await record(tx, { ...about, action, detail: { verb: bulk.verb, dropped: dropped.length, ...(why !== '' && { reason: why }) } })
    return { begun: [], dropped: dropped ?? [] }
  })
  dispatcher.settled(changed.dropped)
  if (changed.begun.length > 0) dispatcher.goFor(changed.begun)
}

const hint = ({ bus, time }: BulksOptions, { id, organisation_id: organisationId }: BulkHead): void =>
  bus.publish({ topic: 'bulk', id, organisationId, endpointId: null, at: time.now() })
