import type { CompiledQuery, DatabaseConnection, Driver } from 'kysely'
import { Fault } from '#shared/domain/fault.ts'
import { resultOf } from './dialect.ts'
import { type SqliteThread, startThread } from './thread.ts'

/** A read-only SQLite. Queries run one after the other, each seeing the latest commit. */
export interface Reader {
  driver: Driver
  end(): Promise<void>
}

/** Its thread starts with the first query, and anew should it have ended. */
export function openReader(file: string): Reader {
  let thread: SqliteThread | undefined
  const read = async <Row>({ sql, parameters }: CompiledQuery) => {
    if (!thread || thread.isEnded) thread = startThread(file, { readOnly: true })
    return resultOf<Row>(await thread.ask([{ kind: 'run', sql, values: parameters }]))
  }
  const connection: DatabaseConnection = {
    executeQuery: read,
    async *streamQuery<Row>(query: CompiledQuery) {
      yield await read<Row>(query)
    },
  }
  return { driver: driverOf(connection), end: async () => thread?.end() }
}

function driverOf(connection: DatabaseConnection): Driver {
  const refuse = async () => {
    throw new Fault('reader-only-reads', 'The reading connection has no transactions.')
  }
  const nothing = async () => undefined
  return {
    init: nothing,
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: nothing,
    destroy: nothing,
  }
}
