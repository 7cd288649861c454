import { randomUUIDv7 } from 'node:crypto'
import type { BulkPlan } from '#shared/api/bulk.ts'
import { whyNotOn } from '#shared/commands/define-command.ts'
import { commands as definitions, urgentVerbs } from '#shared/commands/registry.ts'
import { stageAt, stagesOf } from '#shared/domain/bulk.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { signersNeeded } from '#shared/protocol/command-powers.ts'
import { askedBy } from '../command/asked-by.ts'
import { type Dropped, endBulk, goOnBulk, requestBulk, stopBulk } from '../command/bulk/keep.ts'
import type { Bulks } from '../command/bulk/loop.ts'
import { whyOperators } from '../command/bulk/sign.ts'
import { addBulkSignature, type BulkSignaturesNeeds, type BulkSigned } from '../command/bulk/signatures.ts'
import { whyTooLong } from '../command/order-size.ts'
import { whyScriptsOff } from '../command/scripts-off.ts'
import { nothingKept } from '../pipeline/keep.ts'
import { notRestoredOf } from '../pipeline/tasks.ts'
import type { Tx } from '../store/store.ts'
import type { DeskOptions, DeskOutcome, Person } from './desk.ts'

/*
 * What people ask of many machines at once. Enters: a verb and an explicit list of machines of one organisation; stopping,
 * going on, ending. Leaves: the order, which command/bulk takes through its stages. Promises: all of the list or none: a
 * machine that can't be asked is named, and whoever asks leaves it out. To isolate many is a person's act, so the limits
 * of what isolates by itself are not about it. Meets: nobody unasked: scope and powers were checked by http.
 */

export interface BulkAsking {
  organisationId: string
  verb: string
  /** As the command's definition says. */
  args: Record<string, unknown>
  reason: string
  endpointIds: readonly string[]
  failPercent: number
  waitMinutes: number
  hours: number
  isAtOnce: boolean
  person: Person
}

export interface BulkAct {
  id: string
  person: Person
  reason: string
}

export interface BulkDesk {
  /** What would become of it. */
  plan(asking: BulkAsking): Promise<BulkPlan>
  ask(asking: BulkAsking): Promise<{ id: string; outcome: DeskOutcome }>
  stop(act: BulkAct): Promise<DeskOutcome>
  goOn(act: BulkAct): Promise<DeskOutcome>
  end(act: BulkAct): Promise<DeskOutcome>
  sign(id: string, jws: string, person: Person): Promise<BulkSigned>
}

export interface BulkDeskOptions extends DeskOptions, Pick<BulkSignaturesNeeds, 'register' | 'record'> {
  bulks: Pick<Bulks, 'nudge'>
  isConnected(endpointId: string): boolean
}

export function createBulkDesk(options: BulkDeskOptions): BulkDesk {
  const { store, time, turns, afterCommit, bulks, register, record } = options
  /** What was taken back makes room for what waited behind it. */
  const act = async (
    { person }: BulkAct,
    change: (tx: Tx, now: number) => Promise<Dropped[] | undefined>,
    otherwise: string,
  ): Promise<DeskOutcome> => {
    const dropped = await turns(async (tx) => {
      const taken = await change(tx, time.now())
      if (taken) await person.record?.(tx)
      return taken
    })
    if (!dropped) return { kind: 'refused', reason: otherwise }
    const commands = dropped.map(({ id, organisation_id: organisationId, endpoint_id: endpointId }) => ({ id, organisationId, endpointId }))
    afterCommit({ ...nothingKept, commands, hasOrders: true })
    bulks.nudge()
    return { kind: 'done', version: 0 }
  }
  return {
    plan: (asking) => turns((tx) => plan(tx, options, asking)),
    async ask(asking) {
      const id = randomUUIDv7()
      const why = await turns(async (tx) => {
        const planned = await plan(tx, options, asking)
        const refused = planned.refused ?? whyNotAll(planned)
        if (refused !== undefined) return refused
        const endpointIds = planned.machines.map((machine) => machine.id)
        const now = time.now()
        const about = { id, organisationId: asking.organisationId, verb: asking.verb, args: asking.args, reason: asking.reason }
        const staged = { sizes: planned.stages, failPercent: asking.failPercent, waitMs: minutes(asking.waitMinutes) }
        const wanted = { ...about, ...staged, requestedBy: asking.person.id, endpointIds, expiresAt: now + hours(asking.hours) }
        await requestBulk(tx, store.capabilities.putRows, wanted, now)
        await asking.person.record?.(tx, id)
        return undefined
      })
      if (why !== undefined) return { id, outcome: { kind: 'refused', reason: why } }
      bulks.nudge()
      return { id, outcome: { kind: 'done', version: 0 } }
    },
    stop: (asked) => act(asked, (tx, now) => stopBulk(tx, asked.id, noteOf(asked), now), 'It does not run, so there is nothing to stop.'),
    goOn: (asked) =>
      act(
        asked,
        async (tx, now) => ((await goOnBulk(tx, asked.id, now)) ? [] : undefined),
        'Only what is stopped, and has not expired, can go on.',
      ),
    end: (asked) => act(asked, (tx, now) => endBulk(tx, asked.id, 'ended', noteOf(asked), now), 'It has ended already.'),
    async sign(id, jws, person) {
      const signed = await addBulkSignature({ db: store.db, register, record, recordAct: person.record }, id, jws, time.now())
      if (signed.kind !== 'refused') bulks.nudge()
      return signed
    },
  }
}

const noteOf = ({ person, reason }: BulkAct): string => `${person.name}: ${reason}`

const namedAtMost = 5

function whyNotAll({ machines }: BulkPlan): string | undefined {
  const cant = machines.filter(({ why }) => why !== null)
  if (cant.length === 0) return undefined
  const named = cant.slice(0, namedAtMost).map(({ name, why }) => `${name}: ${why}`)
  const more = cant.length > namedAtMost ? ` And ${cant.length - namedAtMost} more.` : ''
  return `${cant.length} of these machines can’t be asked; leave them out. ${named.join(' ')}${more}`
}

async function plan(tx: Tx, options: BulkDeskOptions, asking: BulkAsking): Promise<BulkPlan> {
  const { register } = options
  const { verb, organisationId, args, person, reason, failPercent, waitMinutes, isAtOnce } = asking
  const risk = definitions.get(verb)?.risk ?? 'high'
  const ids = await inTurn(tx, options, asking)
  const stages = isAtOnce && urgentVerbs.has(verb) ? [ids.length] : stagesOf(ids.length)
  const staged = { sizes: stages, failPercent, waitMs: minutes(waitMinutes) }
  const requestedBy = (await askedBy(tx, [person.id]))(person.id)
  const tooLong = whyTooLong({ verb, args, endpoints: ids.map(({ id }) => id), requestedBy, reason, staged })
  const refused =
    isAtOnce && !urgentVerbs.has(verb)
      ? `${verb} is not against an attack, so it goes out in stages.`
      : ((await whyScriptsOff(tx, organisationId, verb)) ?? tooLong ?? null)
  const why = await whyOperators(
    { db: tx, register },
    { verb, risk },
    ids.map(({ id }) => id),
  )
  // One that waits to be restored comes back by itself, with a reason of its own.
  const waiting =
    verb === 'release-host'
      ? await notRestoredOf(
          tx,
          ids.map(({ id }) => id),
        )
      : new Map<string, string>()
  const machines = ids.map(({ id, hostname, platform, isConnected }, place) => ({
    ...{ id, name: hostname, stage: stageAt(stages, place) + 1, isConnected },
    why: whyNotOn(definitions.get(verb), platform) ?? waiting.get(id) ?? null,
  }))
  const needed = signersNeeded({ risk, verb, organisationId }, register() ?? { operators: [] })
  return { stages, machines, operators: why === undefined ? null : { why, needed }, refused }
}

/** Who is connected comes first, so that the first stages teach something; otherwise as they were named. */
async function inTurn(tx: Tx, { isConnected }: BulkDeskOptions, { organisationId, endpointIds }: BulkAsking) {
  const there = tx.selectFrom('endpoints').select(['id', 'hostname', 'platform']).where('removed_at', 'is', null)
  const rows = await there
    .where('organisation_id', '=', organisationId)
    .where('id', 'in', [...new Set(endpointIds)])
    .execute()
  const known = new Map(rows.map((row) => [row.id, row]))
  const listed = [...new Set(endpointIds)].flatMap((id) => known.get(id) ?? [])
  const machines = listed.map((row) => ({ ...row, isConnected: isConnected(row.id) }))
  return machines.toSorted((a, b) => Number(b.isConnected) - Number(a.isConnected))
}
