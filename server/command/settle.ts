import { ResultRecord } from '#shared/protocol/record.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { Tx } from '../store/store.ts'
import type { CommandResultsTable, CommandsTable } from '../store/tables/command.ts'
import { isProven, keepReports, type Report } from './command.ts'

/** What a result, or running out of time, makes of a command. */
export interface Settlement {
  command: Pick<CommandsTable, 'id' | 'organisation_id' | 'endpoint_id' | 'ticket_id' | 'verb' | 'status' | 'settled_at' | 'result'>
  entry: Omit<Entry, 'at'>
  /** An isolation that did not happen is an alarm of its own. */
  hasIsolationFailed: boolean
}

const final = new Set<CommandsTable['status']>(['succeeded', 'failed', 'refused', 'unknown'])

/**
 * A result → what it settles (pure). undefined: it was settled before, so saying it twice changes nothing. A command that
 * the collector gave up on as expired may still turn out to have run: what the agent says is the fact.
 */
export function settle(command: CommandsTable, result: ResultRecord, now: number): Settlement | undefined {
  if ((final.has(command.status) && command.result !== null) || (command.status === 'expired' && result.outcome === 'expired'))
    return undefined
  const { outcome, detail } = heard(command, result)
  return {
    command: { ...command, status: outcome, settled_at: now, result: JSON.stringify({ ...result, outcome, detail }) },
    entry: {
      kind: 'command-settled',
      actor: 'agent',
      body: { commandId: command.id, verb: command.verb, outcome, detail, ...proofIn(result) },
    },
    hasIsolationFailed: command.verb === 'isolate-host' && outcome !== 'succeeded',
  }
}

/** What was tried and seen belongs on the ticket; what the machine's page shows is of its newest isolation. */
export const proofIn = ({ isolation }: Pick<ResultRecord, 'isolation'>): { proof?: object } =>
  isolation?.proof ? { proof: isolation.proof } : {}

/** An isolation that is claimed without proof did not happen: whoever holds the machine could say so too. */
function heard(
  { verb }: Pick<CommandsTable, 'verb'>,
  { outcome, detail, isolation }: ResultRecord,
): Pick<ResultRecord, 'outcome' | 'detail'> {
  const isUnproven = verb === 'isolate-host' && outcome === 'succeeded' && !(isolation && isProven(isolation))
  return isUnproven ? { outcome: 'failed', detail: 'the agent says that it worked, and shows no proof' } : { outcome, detail }
}

/**
 * Its time is up and nobody knows of a result. One that had arrived may have run: nobody knows, and a person has to look.
 * @param isIsolated the machine is cut off, by its own word with its proof.
 */
export function expire(command: CommandsTable, isIsolated: boolean, now: number): Settlement {
  const hasArrived = command.delivered_at !== null
  const detail = hasArrived ? 'It arrived and was not answered in time; whether it ran is not known.' : 'It was not answered in time.'
  const status = hasArrived ? ('unknown' as const) : ('expired' as const)
  const told = { commandId: command.id, verb: command.verb, outcome: status, detail }
  const body = { ...told, ...(command.verb === 'isolate-host' && isIsolated && { isIsolated }) }
  return {
    command: { ...command, status, settled_at: now },
    entry: { kind: 'command-settled', actor: 'system', body },
    hasIsolationFailed: command.verb === 'isolate-host' && !isIsolated,
  }
}

/** A result row as ingest kept it; undefined when it can't be read any more. */
export function resultOf(row: Pick<CommandResultsTable, 'body'>): ResultRecord | undefined {
  try {
    return ResultRecord.safeParse(JSON.parse(row.body)).data
  } catch {
    return undefined
  }
}

/** An isolation that failed is said as a signal, so that it takes the way of every signal: a P1 for security. */
export const isolationFailed = ({ command }: Settlement, detail: string) => ({
  organisationId: command.organisation_id,
  endpointId: command.endpoint_id,
  kind: 'security.isolation.failed',
  severity: 'critical' as const,
  // The agent's own word for it: what both notice is one ticket.
  fingerprint: 'isolation.failed',
  summary: `This machine should be cut off from the network, and it is not proven that it is: ${detail}`.slice(0, 500),
  facts: { commandId: command.id, outcome: command.status },
})

export async function keepSettlements(tx: Tx, settlements: readonly Settlement[]): Promise<void> {
  // In one order for everybody: that they were sent may be written down beside this.
  for (const { command } of settlements.toSorted(({ command: one }, { command: other }) => (one.id < other.id ? -1 : 1))) {
    const { status, settled_at, result } = command
    await tx.updateTable('commands').set({ status, settled_at, result }).where('id', '=', command.id).execute()
  }
}

export async function keepHandledResults(tx: Tx, ids: readonly string[], reports: readonly Report[], now: number): Promise<void> {
  await keepReports(tx, reports, now)
  if (ids.length > 0) await tx.updateTable('command_results').set({ handled_at: now }).where('id', 'in', ids).execute()
}
