import { type SqlBool, sql } from 'kysely'
import type { z } from 'zod'
import type { StandingList, StandingQuery, StandingShown } from '#shared/api/standing.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { StandingOrder } from '#shared/protocol/standing-order.ts'
import { standingSignersNeeded } from '#shared/protocol/standing-powers.ts'
import type { StandingOrdersTable } from '../../store/tables/command.ts'
import type { View } from '../view.ts'
import { found } from './found.ts'
import { pageOf } from './page.ts'
import { actorName } from './tickets.ts'

type Signature = { operator: string; kid: string }

/** Every standing order in reach, the newest first, with what became of it on each machine. */
export async function readStanding(
  view: View,
  query: z.output<typeof StandingQuery>,
  { register, now }: Pick<About, 'register' | 'now'>,
): Promise<Pick<StandingList, 'orders' | 'hasMore'>> {
  const { page: ids, hasMore } = pageOf(await newestIds(view, query), query.limit)
  if (ids.length === 0) return { orders: [], hasMore }
  const versions = view.standingOrders().selectAll('standing_orders').where('standing_orders.id', 'in', ids)
  const rows = await versions.orderBy('number').execute()
  const names = await view.namesOf([...new Set(rows.map(({ asked_by }) => asked_by))])
  const commands = await commandsOf(view, ids)
  const ofEach = Map.groupBy(rows, ({ id }) => id)
  const about = { commands, register, names, now }
  return { orders: ids.map((id) => shown(ofEach.get(id)?.toReversed() ?? [], about)), hasMore }
}

/** By when each was asked for first, which no withdrawal moves; one more than a page has. */
async function newestIds(view: View, { before, limit }: z.output<typeof StandingQuery>): Promise<string[]> {
  const asked = () => view.standingOrders().groupBy('standing_orders.id').select('standing_orders.id')
  const first = sql<number>`min(standing_orders.asked_at)`
  const last =
    before === undefined ? undefined : await asked().select(first.as('at')).where('standing_orders.id', '=', before).executeTakeFirst()
  const beyond = before === undefined ? undefined : found('standing', last)
  const rows = await asked()
    .$if(beyond !== undefined, (older) => older.having(sql<SqlBool>`(${first}, standing_orders.id) < (${beyond?.at}, ${beyond?.id})`))
    .orderBy(first, 'desc')
    .orderBy('standing_orders.id', 'desc')
    .limit(limit + 1)
    .execute()
  return rows.map(({ id }) => id)
}

type CommandRow = Awaited<ReturnType<typeof commandsOf>>[number]

/** What carried pauses is many times more, and of no order. */
const commandsOf = (view: View, orderIds: readonly string[]) =>
  view
    .standingCommands()
    .innerJoin('endpoints', 'endpoints.id', 'standing_commands.endpoint_id')
    .select([
      'order_id',
      'number',
      'run',
      'standing_commands.endpoint_id',
      'commands.status',
      'commands.result',
      'commands.settled_at',
      'hostname',
    ])
    .where('order_id', 'in', orderIds)
    .orderBy('standing_commands.command_id')
    .execute()

interface About {
  commands: readonly CommandRow[]
  register: Register | undefined
  names: Map<string, string>
  now: number
}

function shown(versions: readonly StandingOrdersTable[], { commands, register, names, now }: About): StandingShown {
  const row = versions.find(({ is_withdrawal }) => is_withdrawal === 0) ?? versions[0]
  if (!row) throw new Error('an order without a version')
  const order = StandingOrder.parse(JSON.parse(row.payload))
  const waiting = versions.find(({ state }) => state === 'unsigned')
  const { id, name, verb, args, argsFrom, when, mostRuns, reason, organisationId } = order
  return {
    ...{ id, name, verb, args, when, mostRuns, reason, organisationId, number: versions[0]?.number ?? row.number },
    ...(argsFrom && { argsFrom }),
    ...{ role: order.role ?? null, endpoints: order.endpoints ?? null, state: stateOf(versions, row, now), endsAt: row.ends_at },
    ...{ askedBy: actorName(row.asked_by, names), askedAt: row.asked_at, signedBy: signaturesOf(row).map(({ operator }) => operator) },
    isSignerGone: row.state === 'signed' && isSignerGone(row, register),
    waiting: waiting ? waitingOf(waiting, register) : null,
    machines: machinesOf(commands.filter(({ order_id }) => order_id === id)),
  }
}

function stateOf(versions: readonly StandingOrdersTable[], row: StandingOrdersTable, now: number): StandingShown['state'] {
  if (versions.some(({ state, is_withdrawal }) => state === 'signed' && is_withdrawal === 1)) return 'withdrawn'
  if (row.state !== 'signed') return row.state
  return row.ends_at <= now ? 'over' : 'in force'
}

const signaturesOf = ({ signatures }: StandingOrdersTable): Signature[] => JSON.parse(signatures) as Signature[]

/** The collector's own signature goes on for what protects. */
const isSignerGone = (row: StandingOrdersTable, register: Register | undefined): boolean =>
  register !== undefined &&
  signaturesOf(row).some(({ kid, operator }) => !operator.startsWith('<') && !register.operators.some((each) => each.kid === kid))

const waitingOf = (row: StandingOrdersTable, register: Register | undefined): NonNullable<StandingShown['waiting']> => ({
  payload: row.payload,
  signedBy: signaturesOf(row).map(({ operator }) => operator),
  needed: standingSignersNeeded({ order: StandingOrder.parse(JSON.parse(row.payload)), risk: row.risk }, register ?? { operators: [] }),
})

function machinesOf(rows: readonly CommandRow[]): StandingShown['machines'] {
  return [...Map.groupBy(rows, ({ endpoint_id }) => endpoint_id)].map(([endpointId, all]) => {
    const delivery = all.findLast(({ run }) => run === null)
    const runs = all.filter(({ run }) => run !== null && run > 0)
    const last = all.findLast(({ run }) => run !== null)
    return {
      ...{ endpointId, hostname: all[0]?.hostname ?? '', delivery: delivery?.status ?? '', detail: detailOf(last ?? delivery) },
      ...{ runs: runs.length, lastRunAt: last?.settled_at ?? null, lastOutcome: last?.status ?? '' },
    }
  })
}

const detailOf = (row: CommandRow | undefined): string => (JSON.parse(row?.result ?? '{}') as { detail?: string }).detail ?? ''
