import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { createAudit } from '../audit/audit.ts'
import { changedThere, noteOpened, saidThere } from '../command/at-machine.ts'
import type { Report, ReportedResult } from '../command/command.ts'
import { keepNeighbourly, stillReached } from '../command/neighbours.ts'
import { expire, isolationFailed, keepHandledResults, keepSettlements, resultOf, type Settlement, settle } from '../command/settle.ts'
import { adoptRuns } from '../command/standing/runs.ts'
import { raiseWithin } from '../ingest/handled.ts'
import type { Store, Tx } from '../store/store.ts'
import type { CommandResultsTable, CommandsTable } from '../store/tables/command.ts'
import { apply } from './changes.ts'
import { type Kept, keepCases, type Rules } from './keep.ts'
import { loadCases, loadTickets } from './load.ts'
import type { Turns } from './turns.ts'

const maxResults = 200

interface Needs {
  store: Store
  time: Time
  log: Logger
  turns: Turns
  rules: Rules
  afterCommit(kept: Kept): void
}

/** Settles commands by the results that ingest committed, in one transaction; false: there were none. */
export async function settleResults({ store, time, log, turns, rules, afterCommit }: Needs): Promise<boolean> {
  const rows = await store.deskReader
    .selectFrom('command_results')
    .selectAll()
    .where('handled_at', 'is', null)
    .orderBy('received_at')
    .limit(maxResults)
    .execute()
  if (rows.length === 0) return false
  const now = time.now()
  afterCommit(await turns((tx) => settleAll(tx, { store, rules, log, time }, rows, now)))
  return true
}

/**
 * Settles what nobody answered in time; false: there was nothing. Only once agents have had their chance to say what they
 * did while we were away. One that is held waits for a person, however long.
 */
export async function expireCommands({ store, time, turns, rules, afterCommit, hasGivenChance }: Needs & Chance): Promise<boolean> {
  const now = time.now()
  const unsettled = (db: Store['db']) => db.selectFrom('commands').selectAll().where('settled_at', 'is', null).where('status', '!=', 'held')
  const overdue = (db: Store['db']) => unsettled(db).where('expires_at', '<=', now)
  if (!hasGivenChance() || !(await overdue(store.deskReader).limit(1).executeTakeFirst())) return false
  const kept = await turns(async (tx) => {
    const commands = await overdue(tx).limit(maxResults).execute()
    const isolated = await provenIsolated(tx, commands)
    const settlements = commands.map((command) => expire(command, isolated.has(command.endpoint_id), now))
    await keepSettlements(tx, settlements)
    return keepConsequences(tx, store, rules, settlements, now)
  })
  afterCommit(kept)
  return true
}

export interface Chance {
  /** Whether agents could have returned since we can hear them. */
  hasGivenChance(): boolean
}

/** Machines that are cut off by their own word with its proof, whatever became of the answer. */
async function provenIsolated(tx: Tx, commands: readonly CommandsTable[]): Promise<Set<string>> {
  const ids = [...new Set(commands.map(({ endpoint_id }) => endpoint_id))]
  if (ids.length === 0) return new Set()
  const rows = await tx
    .selectFrom('isolations')
    .select('endpoint_id')
    .where('actual', '=', 'isolated')
    .where('endpoint_id', 'in', ids)
    .execute()
  return new Set(rows.map(({ endpoint_id }) => endpoint_id))
}

async function settleAll(
  tx: Tx,
  { store, rules, log, time }: Pick<Needs, 'store' | 'rules' | 'log' | 'time'>,
  rows: readonly CommandResultsTable[],
  now: number,
): Promise<Kept> {
  const settled = new Map<string, Settlement>()
  const reports: Report[] = []
  await adoptRuns(tx, rows.flatMap(reportedIn), now)
  const commandOf = await answered(tx, rows)
  const there: There[] = []
  for (const row of rows) {
    const result = resultOf(row)
    if (!result) {
      log.error({ result: row.id, endpoint: row.endpoint_id }, 'a kept result can not be read; it is put aside')
      continue
    }
    const command = commandOf(row)
    // What was answered before was true then; by now the machine may be open again.
    const before = settled.get(command?.id ?? '')?.command.result ?? command?.result
    if (result.isolation && !isSameAnswer(result, before) && !isOfThen(result))
      reports.push({ endpointId: row.endpoint_id, status: result.isolation })
    const settlement = command && !result.atMachine && !settled.has(command.id) ? settle(command, result, now) : undefined
    if (command) there.push({ command, result, isLater: !settlement })
    if (command && settlement) settled.set(command.id, settlement)
    else
      log.info(
        { command: row.command_id, endpoint: row.endpoint_id },
        'a result settles nothing: its command is unknown here or settled already',
      )
  }
  await keepSettlements(tx, [...settled.values()])
  await keepHandledResults(
    tx,
    rows.map(({ id }) => id),
    reports,
    now,
  )
  const lines = await keepThere(tx, there, time, now)
  return keepConsequences(tx, store, rules, [...settled.values()], now, lines)
}

/** To tell a person takes a while: the machine may have been released since they began to be told that it is isolated. Who types a code opens it. */
const isOfThen = ({ atMachine, isolation }: ResultRecord): boolean => atMachine !== undefined && isolation?.actual !== 'open'

/** An agent that gets an order again gives the answer that it kept. @param before as it settled the command. */
function isSameAnswer({ startedAt, finishedAt }: ResultRecord, before: string | null | undefined): boolean {
  const kept = typeof before === 'string' ? (JSON.parse(before) as Partial<ResultRecord>) : undefined
  return startedAt !== null && kept?.startedAt === startedAt && kept.finishedAt === finishedAt
}

interface There {
  command: CommandsTable
  result: ResultRecord
  /** Its command was answered before. */
  isLater: boolean
}
interface Line {
  ticketId: string
  entry: Settlement['entry']
}

/** What was done at isolated machines: their tickets say it, what is wanted follows it, and the audit has it. */
async function keepThere(tx: Tx, there: readonly There[], time: Time, now: number): Promise<Line[]> {
  const lines: Line[] = []
  for (const { command, result, isLater } of there) {
    const isOpened = await noteOpened(tx, command, result, now)
    const entry = saidThere(result, isOpened) ?? (isLater ? changedThere(command, result) : undefined)
    if (entry && command.ticket_id !== null) lines.push({ ticketId: command.ticket_id, entry })
    if (!isOpened) continue
    const about = { actor: 'agent', target: `endpoint:${command.endpoint_id}`, organisationId: command.organisation_id }
    const detail = { commandId: command.id, ...result.atMachine }
    await createAudit({ time }).record(tx, { ...about, action: 'endpoint.opened-there', detail })
  }
  return lines
}

/** Which command each is about: one of the endpoint that sent it, by its own id or by that of the bulk order it is part of. */
async function answered(tx: Tx, rows: readonly CommandResultsTable[]): Promise<(row: CommandResultsTable) => CommandsTable | undefined> {
  const ids = [...new Set(rows.map(({ command_id }) => command_id))]
  const endpointIds = [...new Set(rows.map(({ endpoint_id }) => endpoint_id))]
  const own = await tx.selectFrom('commands').selectAll().where('id', 'in', ids).execute()
  const parts = await tx.selectFrom('commands').selectAll().where('bulk_id', 'in', ids).where('endpoint_id', 'in', endpointIds).execute()
  const byName = new Map([
    ...own.map((command) => [`${command.endpoint_id} ${command.id}`, command] as const),
    ...parts.map((command) => [`${command.endpoint_id} ${command.bulk_id}`, command] as const),
  ])
  return ({ endpoint_id, command_id }) => byName.get(`${endpoint_id} ${command_id}`)
}

function reportedIn(row: CommandResultsTable): ReportedResult[] {
  const result = resultOf(row)
  return result ? [{ endpointId: row.endpoint_id, result }] : []
}

/** What settling means for tickets: a line on the timeline, and an alarm where an isolation did not happen. */
export async function keepConsequences(
  tx: Tx,
  store: Store,
  rules: Rules,
  settlements: readonly Settlement[],
  now: number,
  more: readonly Line[] = [],
): Promise<Kept> {
  const { lines, reached, hasAsked } = await keepNeighbourly(tx, store.capabilities.putRows, settlements, now)
  const settledOn = settlements.flatMap(({ command, entry }) =>
    command.ticket_id === null ? [] : [{ ticketId: command.ticket_id, entry }],
  )
  const told = [...settledOn, ...lines, ...more]
  const tickets = await loadTickets(tx, [...new Set(told.map(({ ticketId }) => ticketId))])
  const cases = (await loadCases(tx, tickets)).map((work) =>
    apply(work, { entries: told.flatMap(({ ticketId, entry }) => (ticketId === work.ticket.id ? entry : [])) }, now),
  )
  for (const each of reached) await raiseWithin(tx, stillReached(each), now)
  for (const settlement of settlements.filter(({ hasIsolationFailed }) => hasIsolationFailed)) {
    await raiseWithin(tx, isolationFailed(settlement, String(settlement.entry.body.detail)), now)
  }
  const kept = await keepCases(tx, store.capabilities, rules, cases, now)
  const settled = settlements.map(({ command }) => ({
    id: command.id,
    organisationId: command.organisation_id,
    endpointId: command.endpoint_id,
  }))
  return {
    ...kept,
    hasOrders: kept.hasOrders || hasAsked,
    hasRaised: kept.hasRaised || reached.length > 0,
    commands: [...kept.commands, ...settled],
  }
}
