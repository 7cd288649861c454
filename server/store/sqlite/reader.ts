import { Worker } from 'node:worker_threads'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { Fault } from '#shared/domain/fault.ts'

/*
 * A read-only SQLite in a thread of its own: a chart over 30 days of samples takes a second there and nobody's
 * acknowledgement waits for it. Queries run one after the other, each seeing the latest commit.
 * The thread keeps the process alive only while somebody waits for its answer.
 */

export interface ReadRequest {
  id: number
  sql: string
  parameters: readonly unknown[]
}
export type ReadAnswer = { id: number; rows: unknown[] } | { id: number; problem: string }

export function readerDialect(file: string): Dialect {
  return {
    createDriver: () => workerDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new QueueingAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** The worker queues by itself, so Kysely needs no lock around the one connection. */
class QueueingAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

function workerDriver(file: string): Driver {
  const refuse = async () => {
    throw new Fault('reader-only-reads', 'The reading connection has no transactions.')
  }
  const connection = workerConnection(file)
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => undefined,
    destroy: () => connection.end(),
  }
}

interface Waiting {
  resolve: (rows: unknown[]) => void
  reject: (error: Error) => void
}

function workerConnection(file: string): DatabaseConnection & { end(): Promise<void> } {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let count = 0

  const failAll = (error: Error) => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const settle = (answer: ReadAnswer) => {
    const asker = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (waiting.size === 0) worker?.unref()
    if ('rows' in answer) asker?.resolve(answer.rows)
    else asker?.reject(new Fault('read-failed', answer.problem))
  }
  const start = () => {
    const started = new Worker(new URL('./reader-worker.ts', import.meta.url), { workerData: { file } })
    started.on('message', settle)
    started.on('error', failAll)
    started.on('exit', () => failAll(new Fault('reader-ended', 'The reading thread has ended.', { isRetryable: true })))
    return started
  }
  const ask = (sql: string, parameters: readonly unknown[]) =>
    new Promise<unknown[]>((resolve, reject) => {
      worker ??= start()
      worker.ref()
      const request: ReadRequest = { id: ++count, sql, parameters }
      waiting.set(request.id, { resolve, reject })
      worker.postMessage(request)
    })
  return {
    executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => ({
      rows: (await ask(sql, parameters)) as Row[],
    }),
    async *streamQuery<Row>({ sql, parameters }: CompiledQuery) {
      yield { rows: (await ask(sql, parameters)) as Row[] }
    },
    end: async () => {
      await worker?.terminate()
    },
  }
}
