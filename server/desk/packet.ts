import type { Kysely } from 'kysely'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { Packet } from '#shared/domain/packet.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { type SampleColumns, samplesIn, storedColumns } from '#shared/domain/sample-columns.ts'
import type { Facts } from '#shared/domain/signal.ts'
import type { TimelineKind } from '#shared/domain/ticket.ts'
import { hours } from '#shared/domain/time.ts'
import type { TicketCase } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import { sentence } from '../ticket/sentences.ts'

/*
 * The warm-transfer packets of tickets that are about to move, read in four statements however many they are. What the
 * next people need to go on at once: the machine, what it saw, how it was in the last hour, what was tried.
 */

type From = Kysely<Database>
type Read<Of extends (...args: never) => unknown> = Awaited<ReturnType<Of>>

/** More is on the ticket; a packet is what one reads first. */
const maxSignals = 5
const maxTried = 20
const maxSentence = 500
const healthOfMs = hours(1)

export async function loadPackets(from: From, cases: readonly TicketCase[], now: number): Promise<Map<string, Packet>> {
  if (cases.length === 0) return new Map()
  const ticketIds = cases.map(({ ticket }) => ticket.id)
  const endpointIds = [...new Set(cases.flatMap(({ subject }) => subject.endpoint?.id ?? []))]
  const [signals, entries, inventories, samples] = await Promise.all([
    readSignals(from, ticketIds),
    readTimeline(from, ticketIds),
    readInventories(from, endpointIds),
    readSamples(from, endpointIds, now - healthOfMs),
  ])
  const [ofTicket, said] = [Map.groupBy(signals, ({ ticket_id }) => ticket_id), Map.groupBy(entries, ({ ticket_id }) => ticket_id)]
  const inventoryOf = new Map(inventories.map(({ endpoint_id, body }) => [endpoint_id, JSON.parse(body) as Inventory]))
  const healthOf = Map.groupBy(samples, ({ endpoint_id }) => endpoint_id)
  const packetOf = ({ ticket, subject }: TicketCase): Packet => {
    const machine = subject.endpoint?.id ?? ''
    const latest = samplesSince(healthOf.get(machine)?.map(({ body }) => body) ?? [], now - healthOfMs)
    return {
      machine: machineOf(subject, inventoryOf.get(machine), latest.at(-1)),
      evidence: evidenceOf(ofTicket.get(ticket.id) ?? []),
      health: summed(latest),
      ...triedOn(said.get(ticket.id) ?? []),
      hypothesis: hypothesisOf(ticket),
    }
  }
  return new Map(cases.map((work) => [work.ticket.id, packetOf(work)]))
}

const readSignals = (from: From, ticketIds: string[]) =>
  from
    .selectFrom('signals')
    .select(['ticket_id', 'received_at', 'kind', 'severity', 'summary', 'facts'])
    .where('ticket_id', 'in', ticketIds)
    .orderBy('arrival', 'desc')
    .execute()

const acts: TimelineKind[] = [
  ...(['acknowledged', 'commented', 'waiting', 'resumed', 'escalated', 'resolved', 'reopened'] as const),
  ...(['command-requested', 'command-settled', 'containment-answered'] as const),
]

const readTimeline = (from: From, ticketIds: string[]) =>
  from
    .selectFrom('timeline')
    .select(['ticket_id', 'kind', 'body'])
    .where('ticket_id', 'in', ticketIds)
    .where('kind', 'in', acts)
    .orderBy('at')
    .orderBy('id')
    .execute()

const readInventories = async (from: From, endpointIds: string[]) =>
  endpointIds.length === 0
    ? []
    : from.selectFrom('inventories').select(['endpoint_id', 'body']).where('endpoint_id', 'in', endpointIds).execute()

const readSamples = async (from: From, endpointIds: string[], since: number) =>
  endpointIds.length === 0
    ? []
    : from
        .selectFrom('samples')
        .select(['endpoint_id', 'body'])
        .where('endpoint_id', 'in', endpointIds)
        .where('at', '>=', since)
        .orderBy('at')
        .execute()

function machineOf(
  { endpoint, role }: TicketCase['subject'],
  inventory: Inventory | undefined,
  latest: Sample | undefined,
): Packet['machine'] {
  if (!endpoint) return null
  const { system, hardware } = inventory ?? {}
  return {
    ...{ hostname: endpoint.hostname, role },
    system: system ? `${system.name} ${system.version} (${system.kernel})` : 'unknown',
    hardware: hardware ? `${hardware.manufacturer} ${hardware.model}, ${hardware.processor}`.trim() : 'unknown',
    memoryBytes: hardware?.memoryBytes ?? 0,
    uptimeSeconds: latest?.uptimeSeconds ?? null,
  }
}

const evidenceOf = (signals: Read<typeof readSignals>): Packet['evidence'] =>
  signals.slice(0, maxSignals).map(({ received_at: at, kind, severity, summary, facts }) => ({
    ...{ at, kind, severity, summary, facts: JSON.parse(facts) as Facts },
  }))

const samplesSince = (texts: readonly string[], since: number): Sample[] =>
  storedColumns(texts).flatMap((columns: SampleColumns) => samplesIn(columns).filter(({ at }) => at >= since))

function summed(samples: readonly Sample[]): Packet['health'] {
  const latest = samples.at(-1)
  if (!latest) return null
  const busy = samples.map(({ processor }) => processor.busyRatio)
  const free = samples.map(({ memory }) => (memory.totalBytes === 0 ? 1 : memory.availableBytes / memory.totalBytes))
  return {
    samples: samples.length,
    busyRatio: { mean: mean(busy), max: Math.max(...busy) },
    availableMemoryRatio: { mean: mean(free), min: Math.min(...free) },
    disks: latest.disks.map(({ mount, usedRatio, freeBytes }) => ({ mount, usedRatio, freeBytes })),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

function triedOn(entries: Read<typeof readTimeline>): Pick<Packet, 'tried' | 'internal'> {
  const lines = entries.slice(-maxTried).map(({ kind, body }) => ({ kind, body: JSON.parse(body) as Record<string, unknown> }))
  const told = (isInternal: boolean): string[] =>
    lines.filter(({ body }) => (body.isInternal === true) === isInternal).map((line) => sentence(line).slice(0, maxSentence))
  const internal = told(true)
  return { tried: told(false), ...(internal.length > 0 && { internal }) }
}

/** The machine has no better idea than what it saw and why that was sent here. */
function hypothesisOf({ title, reasons }: TicketCase['ticket']): string {
  const [why = ''] = JSON.parse(reasons) as string[]
  return `${title} ${why}`.trim().slice(0, maxSentence)
}
