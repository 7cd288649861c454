import { randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import reachNeighbour from '#shared/commands/reach-neighbour.ts'
import { isClosed } from '#shared/domain/endpoint.ts'
import { type NeighbourFound, type NeighbourPlace, NeighboursView } from '#shared/domain/neighbours.ts'
import { ResultRecord } from '#shared/protocol/record.ts'
import type { Entry, PutRows } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import { requestCommands } from './command.ts'
import { networkOf } from './rings.ts'
import type { Settlement } from './settle.ts'

/*
 * The third fact of an isolation: other agents of the site can't reach the machine. Enters: an isolation that its machine says stands;
 * what up to three of its neighbours found. Leaves: commands to them, lines on the ticket, what the endpoint's page shows, and an
 * alarm where one still reaches it. Promises: they are asked in the transaction that settles the isolation, so a crash forgets
 * nobody. On failure: whoever doesn't answer is said to be unable. Threat: an endpoint that claims to be isolated, and isn't.
 */

const most = 3
/** Of a large site a few are looked at, first of all those that ask it already. */
const mostLookedAt = 24
const mostPlaces = 4
/** Bits of an address, and one. */
const nearerThanAny = 33

export interface Surrounded {
  /** Where it can be reached. */
  places: NeighbourPlace[]
  neighbours: { endpointId: string; name: string }[]
}

/** Connected machines that stand where this one does: who asks it already, then nearest addresses first. One that is cut off itself can't ask. */
export async function neighboursOf(db: Kysely<Database>, endpointId: string): Promise<Surrounded> {
  const machines = db
    .selectFrom('endpoints')
    .innerJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('isolations', 'isolations.endpoint_id', 'endpoints.id')
    .select([
      'endpoints.id',
      'endpoints.hostname',
      'endpoints.organisation_id',
      'endpoints.site_id',
      'inventories.places',
      'isolations.kept_by',
    ])
  const machine = await machines.where('endpoints.id', '=', endpointId).executeTakeFirst()
  const places = placesIn(machine?.places).slice(0, mostPlaces)
  if (!machine || places.length === 0) return { places: [], neighbours: [] }
  const { organisation_id, site_id } = machine
  const keepers = JSON.parse(machine.kept_by ?? '[]') as string[]
  const others = await machines
    .innerJoin('presences', 'presences.endpoint_id', 'endpoints.id')
    .where('presences.is_connected', '=', 1)
    .where('endpoints.organisation_id', '=', organisation_id)
    .where('endpoints.site_id', site_id === null ? 'is' : '=', site_id)
    .where('endpoints.id', '!=', endpointId)
    .where('endpoints.removed_at', 'is', null)
    .where(sql<string>`coalesce(isolations.actual, 'open')`, '=', 'open')
    .orderBy((by) =>
      by
        .case()
        .when('endpoints.id', 'in', [...keepers, ''])
        .then(0)
        .else(1)
        .end(),
    )
    .orderBy('presences.last_heard_at', 'desc')
    .limit(mostLookedAt)
    .execute()
  const near = others.map((other) => ({
    ...{ endpointId: other.id, name: other.hostname },
    nearness: keepers.includes(other.id) ? nearerThanAny : nearness(placesIn(other.places), places),
  }))
  const nearest = near.filter((each) => each.nearness > 0).toSorted((a, b) => b.nearness - a.nearness)
  return { places, neighbours: nearest.slice(0, most).map(({ endpointId: id, name }) => ({ endpointId: id, name })) }
}

/** What settling commands means for isolations that neighbours are asked about. */
export interface Neighbourly {
  lines: { ticketId: string; entry: Omit<Entry, 'at'> }[]
  /** Still reached: for an alarm. */
  reached: { organisationId: string; endpointId: string; by: string; found: string }[]
  hasAsked: boolean
}

export async function keepNeighbourly(tx: Tx, putRows: PutRows, settlements: readonly Settlement[], now: number): Promise<Neighbourly> {
  const kept: Neighbourly = { lines: [], reached: [], hasAsked: false }
  for (const settlement of settlements) {
    if (settlement.command.verb === reachNeighbour.verb) await hear(tx, settlement, kept, now)
    else if (saysClosed(settlement)) await ask(tx, putRows, settlement.command, kept, now)
  }
  return kept
}

function saysClosed({ command }: Settlement): boolean {
  if (command.verb !== 'isolate-host' || command.result === null) return false
  const { actual } = ResultRecord.parse(JSON.parse(command.result)).isolation ?? { actual: 'open' }
  return isClosed(actual)
}

async function ask(tx: Tx, putRows: PutRows, command: Settlement['command'], kept: Neighbourly, now: number): Promise<void> {
  const { endpoint_id: endpointId, organisation_id: organisationId, ticket_id: ticketId } = command
  const { places, neighbours } = await neighboursOf(tx, endpointId)
  const about = await tx.selectFrom('endpoints').select('hostname').where('id', '=', endpointId).executeTakeFirst()
  const args = { endpointId, name: about?.hostname ?? '', ...(ticketId !== null && { ticketId }), places }
  const orders = neighbours.map((neighbour) => ({
    ...{ id: randomUUIDv7(), verb: reachNeighbour.verb, requestedBy: 'system', reason: 'A machine beside it was isolated.', args },
    ...{ organisationId, endpointId: neighbour.endpointId, ticketId: null },
  }))
  if (orders.length > 0) await requestCommands(tx, putRows, orders, now)
  const view = { askedAt: now, asked: neighbours.map((each) => ({ ...each, said: null, at: null })) }
  await keepView(tx, endpointId, view)
  kept.hasAsked ||= orders.length > 0
  const body = { names: neighbours.map(({ name }) => name), endpoints: neighbours.map((each) => each.endpointId) }
  if (ticketId !== null) kept.lines.push({ ticketId, entry: { kind: 'neighbours-asked', actor: 'system', body } })
}

/** Whom it is about stands in what the collector asked: neither an agent nor a person who asks for the same can name another. */
async function hear(tx: Tx, { command }: Settlement, kept: Neighbourly, now: number): Promise<void> {
  const asked = await tx.selectFrom('commands').select(['args', 'requested_by']).where('id', '=', command.id).executeTakeFirstOrThrow()
  if (asked.requested_by !== 'system') return
  const { endpointId, ticketId } = reachNeighbour.args.parse(JSON.parse(asked.args))
  const view = await readView(tx, endpointId)
  const neighbour = view?.asked.find((each) => each.endpointId === command.endpoint_id)
  // Something else was wanted of that machine meanwhile: what is said of it now is about another state.
  if (!view || !neighbour || neighbour.said !== null) return
  const { finishedAt, ...said } = answerIn(command.result)
  const heard = view.asked.map((each) => (each === neighbour ? { ...each, said: said.found, at: now } : each))
  await keepView(tx, endpointId, { ...view, asked: heard })
  const body = { name: neighbour.name, endpointId: neighbour.endpointId, ...said, at: finishedAt ?? now }
  if (ticketId !== undefined) kept.lines.push({ ticketId, entry: { kind: 'neighbour-said', actor: 'agent', body } })
  if (said.found === 'reached')
    kept.reached.push({ organisationId: command.organisation_id, endpointId, by: neighbour.name, found: said.probe ?? '' })
}

/** No answer in time, a refusal, or nonsense: it could not ask. */
function answerIn(result: string | null): { found: NeighbourFound; probe?: string; answeredAt: number | null; finishedAt?: number } {
  const record = result === null ? undefined : ResultRecord.safeParse(JSON.parse(result)).data
  const output = reachNeighbour.output.safeParse(record?.output).data
  if (!output || !record) return { found: 'unable', answeredAt: null }
  const { found, probe, answeredAt } = output
  return { found, answeredAt, finishedAt: record.finishedAt, ...(probe !== undefined && { probe }) }
}

/** Said as a signal, so that it takes the way of every signal: a P1 for security, and somebody goes there. */
export const stillReached = ({ organisationId, endpointId, by, found }: Neighbourly['reached'][number]) => ({
  ...{ organisationId, endpointId, kind: 'security.isolation.failed', severity: 'critical' as const, fingerprint: 'isolation.reached' },
  summary: `This machine says that it is isolated, and ${by} still reaches it`.slice(0, 500),
  facts: { neighbour: by, probe: found },
})

async function readView(tx: Tx, endpointId: string): Promise<NeighboursView | undefined> {
  const row = await tx.selectFrom('isolations').select('neighbours').where('endpoint_id', '=', endpointId).executeTakeFirst()
  return row?.neighbours ? NeighboursView.parse(JSON.parse(row.neighbours)) : undefined
}

async function keepView(tx: Tx, endpointId: string, view: NeighboursView): Promise<void> {
  await tx
    .updateTable('isolations')
    .set({ neighbours: JSON.stringify(view) })
    .where('endpoint_id', '=', endpointId)
    .execute()
}

const placesIn = (text: string | null | undefined): NeighbourPlace[] => JSON.parse(text ?? '[]') as NeighbourPlace[]

/** How many bits their nearest addresses share; 0: no two are of one network, as far as can be told without its mask. */
function nearness(ours: readonly NeighbourPlace[], theirs: readonly NeighbourPlace[]): number {
  const pairs = ours.flatMap((our) => theirs.map((their) => sharedBits(our.address, their.address)))
  return Math.max(0, ...pairs)
}

/** Of IPv4; two IPv6 addresses of one /64 are near. */
function sharedBits(one: string, other: string): number {
  const [bits, otherBits] = [bitsOf(one), bitsOf(other)]
  if (!bits || !otherBits) return one.includes(':') && networkOf(one) === networkOf(other) ? 1 : 0
  const first = [...bits].findIndex((bit, at) => bit !== otherBits[at])
  const shared = first === -1 ? 32 : first
  return shared >= 16 ? shared : 0
}

const bitsOf = (address: string): string | undefined =>
  /^\d+(\.\d+){3}$/.test(address)
    ? address
        .split('.')
        .map((byte) => Number(byte).toString(2).padStart(8, '0'))
        .join('')
    : undefined
