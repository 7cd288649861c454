import type { StandingShown } from '#shared/api/standing.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { StandingOrder } from '#shared/protocol/standing-order.ts'
import { standingSignersNeeded } from '#shared/protocol/standing-powers.ts'
import type { StandingOrdersTable } from '../../store/tables/command.ts'
import type { View } from '../view.ts'
import { actorName } from './tickets.ts'

const maxListed = 200
type Signature = { operator: string; kid: string }

/** Every standing order in reach, the newest first, with what became of it on each machine. */
export async function readStanding(view: View, register: Register | undefined, now: number): Promise<StandingShown[]> {
  const rows = await view.standingOrders().selectAll('standing_orders').orderBy('asked_at', 'desc').limit(maxListed).execute()
  if (rows.length === 0) return []
  const names = await view.namesOf([...new Set(rows.map(({ asked_by }) => asked_by))])
  const commands = await commandsOf(view, [...new Set(rows.map(({ id }) => id))])
  return [...Map.groupBy(rows, ({ id }) => id).values()].map((versions) =>
    shown(
      versions.toSorted((a, b) => b.number - a.number),
      { commands, register, names, now },
    ),
  )
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
