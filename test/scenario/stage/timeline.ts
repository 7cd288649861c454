import { watch } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ResultRecord } from '#shared/protocol/record.ts'
import type { World } from './world.ts'

/** All machines are this one, so all instants are by one clock: epoch ms. */
export interface Timeline {
  signalOnDisk: number
  committed: number
  ticket: number
  commandSent: number
  rulesApplied: number
  proven: number
}

export interface Watch {
  /** Reads what the collector wrote down of the first isolation since `touchedAt`; undefined: it ordered none. */
  timeline(touchedAt: number): Timeline | undefined
  stop(): void
}

/** From before the attack on: what is acknowledged leaves the agent's disk, and a commit leaves no instant behind. */
export function watchDisks(world: World): Watch {
  const spool = changesIn(world.spoolFolder, (name) => name.includes('security'))
  const log = changesIn(dirname(world.databaseFile), (name) => name.endsWith('.db-wal'))
  return {
    timeline: (touchedAt) => {
      const row = readRow(world, touchedAt)
      if (!row) return undefined
      const { isolation } = ResultRecord.parse(JSON.parse(row.result))
      return {
        signalOnDisk: spool.firstAfter(touchedAt),
        committed: log.firstAfter(row.received_at),
        ticket: row.requested_at,
        commandSent: row.sent_at,
        rulesApplied: Number(isolation?.proof?.rulesAppliedAt),
        proven: isolation?.since ?? Number.NaN,
      }
    },
    stop: () => {
      spool.stop()
      log.stop()
    },
  }
}

function changesIn(folder: string, isOurs: (name: string) => boolean): { firstAfter(at: number): number; stop(): void } {
  const changes: number[] = []
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name && isOurs(name)) changes.push(Date.now())
  })
  return { firstAfter: (at) => changes.find((change) => change >= at) ?? Number.NaN, stop: () => watcher.close() }
}

interface Row {
  received_at: number
  requested_at: number
  sent_at: number
  result: string
}

function readRow({ databaseFile, endpointId }: World, since: number): Row | undefined {
  const database = new DatabaseSync(databaseFile, { readOnly: true })
  try {
    return database
      .prepare(
        `select signals.received_at, commands.requested_at, commands.sent_at, commands.result
           from commands
           join signals on signals.ticket_id = commands.ticket_id and signals.received_at >= :since
          where commands.endpoint_id = :endpointId and commands.verb = 'isolate-host' and commands.requested_at >= :since
          order by commands.requested_at, signals.received_at limit 1`,
      )
      .get({ endpointId, since: Math.floor(since) }) as Row | undefined
  } finally {
    database.close()
  }
}
