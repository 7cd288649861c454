import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult, type TransactionSettings } from 'kysely'
import { resultOf } from './dialect.ts'
import { type Outcome, rowsOf, type Step } from './step.ts'
import { FailedStep, type SqliteThread, startThread } from './thread.ts'

/*
 * The one writing connection. A transaction's statements whose outcome nobody needs (putRows and its like) are posted:
 * they wait here and travel, behind the transaction's beginning, with the first one that is waited for, at the latest
 * with the commit. One that fails fails its transaction, whatever its caller does. Only a transaction that has begun over
 * there keeps the others waiting; so with `read committed`, where what is read before the first write may be read before
 * the beginning (as PostgreSQL does it), it is one message, and the thread is never idle for the sake of one that thinks.
 */
export interface Writer {
  driver: Driver
  /** How long the log is after a commit, and how much of it is in the file already; in pages. */
  onCommitted(heed: (log: LogLength) => void): void
  /** Between two transactions; those behind it don't wait for the answer. */
  alone(steps: readonly Step[]): Promise<Outcome>
  end(): Promise<void>
}

export interface LogLength {
  log: number
  checkpointed: number
}

/** A query of the store's own: rows in the cheap form. Nobody waits for it; it fails its transaction if it fails. */
interface Posted extends CompiledQuery {
  step: Step
  counted: Counted
}
type Counted = ((changes: number) => void) | undefined
/** `counted` is told how many rows it changed. */
export const posted = (step: Step, counted?: Counted): Posted => ({ ...CompiledQuery.raw(''), step, counted })

export function openWriter(file: string, start = startThread): Writer {
  const lock = createLock()
  let running = start(file, { readOnly: false })
  let heed: (log: LogLength) => void = () => undefined
  const thread = (): SqliteThread => {
    if (running.isEnded) running = start(file, { readOnly: false })
    return running
  }
  /** The thread keeps the order, so nobody behind has to wait for the answer. */
  const alone = async (steps: readonly Step[]): Promise<Outcome> => {
    const release = await lock()
    const answer = thread().ask(steps)
    release()
    return answer
  }
  return {
    driver: driverOf(() => new WritingConnection({ lock, thread, alone, heed: (log) => heed(log) })),
    onCommitted: (heeds) => {
      heed = heeds
    },
    alone,
    end: () => running.end(),
  }
}

/** Kysely hands a driver the connections that this driver made. */
const ours = (connection: DatabaseConnection): WritingConnection => connection as WritingConnection

function driverOf(connect: () => WritingConnection): Driver {
  return {
    init: async () => undefined,
    acquireConnection: async () => connect(),
    beginTransaction: async (connection, settings) => ours(connection).begin(settings),
    commitTransaction: (connection) => ours(connection).commit(),
    rollbackTransaction: (connection) => ours(connection).rollback(),
    releaseConnection: async (connection) => ours(connection).release(),
    destroy: async () => undefined,
  }
}

interface Surroundings {
  lock(): Promise<() => void>
  thread(): SqliteThread
  alone(steps: readonly Step[]): Promise<Outcome>
  heed(log: LogLength): void
}

/** Takes the write lock at once, so that a second process (a command line) makes it wait and never fail half way. */
const begin: Step = { kind: 'run', sql: 'begin immediate', values: [] }

const isRead = /^\s*select\b/i

/** One statement, or one transaction. */
class WritingConnection implements DatabaseConnection {
  readonly #around: Surroundings
  #isolation: 'none' | 'serializable' | 'read committed' = 'none'
  /** What waits to travel. */
  #posted: Pick<Posted, 'step' | 'counted'>[] = []
  /** Where it has begun, and how the next one gets its turn. In another thread it can't go on. */
  #begun: { thread: SqliteThread; release: () => void } | undefined
  #lost: FailedStep | undefined

  constructor(around: Surroundings) {
    this.#around = around
  }

  begin({ isolationLevel }: TransactionSettings): void {
    this.#isolation = isolationLevel === 'read committed' ? isolationLevel : 'serializable'
  }

  async executeQuery<Row>(query: CompiledQuery | Posted): Promise<QueryResult<Row>> {
    if ('step' in query) {
      this.#posted.push(query)
      return { rows: [] }
    }
    const step: Step = { kind: 'run', sql: query.sql, values: query.parameters }
    return resultOf(await (this.#isAlone(query.sql) ? this.#around.alone([step]) : this.#ask(step)))
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query)
  }

  async commit(): Promise<void> {
    if (!this.#begun && this.#posted.length === 0) return
    const [length] = rowsOf(await this.#ask({ kind: 'commit' }))
    this.#around.heed({ log: Number(length?.log), checkpointed: Number(length?.checkpointed) })
  }

  /** A full disk may have ended it already; what the caller must hear of is the disk, not the rollback. */
  async rollback(): Promise<void> {
    this.#posted = []
    if (this.#begun && !this.#begun.thread.isEnded) await this.#begun.thread.ask([{ kind: 'rollback' }])
  }

  release(): void {
    this.#begun?.release()
    this.#begun = undefined
  }

  #isAlone(sql: string): boolean {
    if (this.#isolation === 'none') return true
    const hasWritten = this.#begun !== undefined || this.#posted.length > 0
    return this.#isolation === 'read committed' && !hasWritten && isRead.test(sql)
  }

  async #ask(step: Step): Promise<Outcome> {
    if (this.#lost) throw this.#lost
    const first = this.#begun ? [] : [{ step: begin, counted: undefined }]
    this.#begun ??= await this.#begin()
    const before = [...first, ...this.#posted]
    this.#posted = []
    const answer = this.#begun.thread.ask([...before.map((each) => each.step), step])
    // A request with a commit in it leaves nothing open.
    if (step.kind === 'commit') this.release()
    try {
      const outcome = await answer
      for (const [place, { counted }] of before.entries()) counted?.(outcome.before?.[place] ?? 0)
      return outcome
    } catch (error) {
      if (error instanceof FailedStep && error.at < before.length) this.#lost = error
      throw error
    }
  }

  async #begin() {
    const release = await this.#around.lock()
    return { thread: this.#around.thread(), release }
  }
}

/** First come, first served. */
function createLock(): () => Promise<() => void> {
  let last: Promise<void> = Promise.resolve()
  return async () => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    return resolve
  }
}
