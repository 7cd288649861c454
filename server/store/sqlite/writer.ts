import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import { resultOf } from './dialect.ts'
import { type Outcome, rowsOf, type Step } from './step.ts'
import { FailedStep, type SqliteThread, startThread } from './thread.ts'

/*
 * The one writing connection. A transaction's statements whose outcome nobody needs (its beginning, putRows) are posted:
 * they wait here and travel with the next one that is waited for, at the latest with the commit. One that fails fails its
 * transaction, whatever its caller does. The next transaction may begin as soon as the commit of the one before is on its
 * way: the thread keeps the order, and a request with a commit in it leaves nothing open.
 */
export interface Writer {
  driver: Driver
  /** How long the log is after a commit, and how much of it is in the file already; in pages. */
  onCommitted(heed: (log: LogLength) => void): void
  /** Between two transactions. */
  alone(steps: readonly Step[]): Promise<Outcome>
  end(): Promise<void>
}

export interface LogLength {
  log: number
  checkpointed: number
}

/** A query of the store's own: rows in the cheap form. */
interface StepQuery extends CompiledQuery {
  step: Step
  isPosted: boolean
}

/** Nobody waits for it; it fails its transaction if it fails. */
export const posted = (step: Step): StepQuery => ({ ...CompiledQuery.raw(''), step, isPosted: true })

/** @returns how many rows it changed. */
export const awaited = (step: Step): StepQuery => ({ ...CompiledQuery.raw(''), step, isPosted: false })

export function openWriter(file: string): Writer {
  const lock = createLock()
  let thread = startThread(file, { readOnly: false })
  let heed: (log: LogLength) => void = () => undefined
  const acquire = async (): Promise<WritingConnection> => {
    const release = await lock()
    // A transaction keeps the thread it began with, so that none goes on half way in another.
    if (thread.isEnded) thread = startThread(file, { readOnly: false })
    return new WritingConnection(thread, release, (log) => heed(log))
  }
  return {
    driver: driverOf(acquire),
    onCommitted: (heeds) => {
      heed = heeds
    },
    alone: async (steps) => {
      const release = await lock()
      return thread.ask(steps).finally(release)
    },
    end: () => thread.end(),
  }
}

/** Kysely hands a driver the connections that this driver made. */
const ours = (connection: DatabaseConnection): WritingConnection => connection as WritingConnection

function driverOf(acquire: () => Promise<WritingConnection>): Driver {
  return {
    init: async () => undefined,
    acquireConnection: acquire,
    beginTransaction: async (connection) => ours(connection).begin(),
    commitTransaction: (connection) => ours(connection).commit(),
    rollbackTransaction: (connection) => ours(connection).rollback(),
    releaseConnection: async (connection) => ours(connection).release(),
    destroy: async () => undefined,
  }
}

/** From its acquisition to its release; nobody else writes meanwhile. */
class WritingConnection implements DatabaseConnection {
  readonly release: () => void
  readonly #thread: SqliteThread
  readonly #heed: (log: LogLength) => void
  #posted: Step[] = []
  #lost: FailedStep | undefined
  #hasAsked = false
  #isOver = false

  constructor(thread: SqliteThread, release: () => void, heed: (log: LogLength) => void) {
    this.#thread = thread
    this.release = release
    this.#heed = heed
  }

  /** Takes the write lock at once, so that a second process (a command line) makes it wait and never fail half way. */
  begin(): void {
    this.#posted.push({ kind: 'run', sql: 'begin immediate', values: [] })
  }

  async executeQuery<Row>(query: CompiledQuery | StepQuery): Promise<QueryResult<Row>> {
    if (!('step' in query)) return resultOf(await this.#ask({ kind: 'run', sql: query.sql, values: query.parameters }))
    if (!query.isPosted) return resultOf(await this.#ask(query.step))
    this.#posted.push(query.step)
    return { rows: [] }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query)
  }

  async commit(): Promise<void> {
    if (this.#lost) throw this.#lost
    const committed = this.#ask({ kind: 'commit' })
    this.#isOver = true
    this.release()
    const [length] = rowsOf(await committed)
    this.#heed({ log: Number(length?.log), checkpointed: Number(length?.checkpointed) })
  }

  /** A full disk may have ended it already; what the caller must hear of is the disk, not the rollback. */
  async rollback(): Promise<void> {
    this.#posted = []
    if (this.#hasAsked && !this.#isOver && !this.#thread.isEnded) await this.#thread.ask([{ kind: 'rollback' }])
  }

  async #ask(step: Step): Promise<Outcome> {
    if (this.#lost) throw this.#lost
    const steps = [...this.#posted, step]
    this.#posted = []
    this.#hasAsked = true
    try {
      return await this.#thread.ask(steps)
    } catch (error) {
      if (error instanceof FailedStep && error.at < steps.length - 1) this.#lost = error
      throw error
    }
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
