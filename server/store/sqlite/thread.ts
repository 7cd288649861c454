import { Worker } from 'node:worker_threads'
import { Fault } from '#shared/domain/fault.ts'
import type { Answer, Outcome, Problem, Request, Step } from './step.ts'

/*
 * A SQLite connection in a thread of its own: neither a commit that waits for the disk nor a chart over 30 days holds the
 * event loop up. Requests are done one after the other. The thread keeps the process alive only while somebody waits.
 * What is asked in one turn of the loop goes over in one message and so do its answers, because to wake a thread costs
 * more than most reads: ten of them 0.06 ms of a core instead of 0.11.
 */
export interface SqliteThread {
  /** @returns what the last step brought. @throws FailedStep, or a Fault when the thread is gone. */
  ask(steps: readonly Step[]): Promise<Outcome>
  /** Closes the connection after what was asked before. */
  end(): Promise<void>
  readonly isEnded: boolean
}

/** An error of SQLite's, with its codes, and which step of the request made it. */
export class FailedStep extends Error {
  readonly at: number
  readonly code: unknown
  readonly errcode: unknown

  constructor({ name, message, code, errcode }: Problem, at: number) {
    super(message)
    this.name = name
    this.code = code
    this.errcode = errcode
    this.at = at
  }
}

interface Waiting {
  resolve: (outcome: Outcome) => void
  reject: (error: Error) => void
}

export function startThread(file: string, { readOnly }: { readOnly: boolean }): SqliteThread {
  const waiting = new Map<number, Waiting>()
  const worker = new Worker(new URL('./thread-worker.ts', import.meta.url), { workerData: { file, readOnly } })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let isEnded = false
  let count = 0
  let asked: Request[] = []

  const failAll = (cause?: Error): void => {
    isEnded = true
    for (const { reject } of waiting.values()) reject(gone(cause))
    waiting.clear()
  }
  worker.unref()
  worker.on('error', failAll)
  worker.on('exit', () => failAll())
  const settle = (answer: Answer): void => {
    const asker = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('outcome' in answer) asker?.resolve(answer.outcome)
    else asker?.reject(new FailedStep(answer.problem, answer.at))
  }
  worker.on('message', (answers: readonly Answer[]) => {
    for (const answer of answers) settle(answer)
    if (waiting.size === 0) worker.unref()
  })
  const post = (): void => {
    const requests = asked
    asked = []
    try {
      worker.postMessage(requests)
    } catch {
      for (const request of requests) postAlone(request)
    }
  }
  /** One with a value that goes from no thread to another fails alone. */
  const postAlone = (request: Request): void => {
    try {
      worker.postMessage([request])
    } catch (error) {
      waiting.get(request.id)?.reject(error as Error)
      waiting.delete(request.id)
    }
  }
  const ask = (steps: readonly Step[]): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      if (isEnded) throw gone()
      const request: Request = { id: ++count, steps }
      if (asked.length === 0) process.nextTick(post)
      asked.push(request)
      worker.ref()
      waiting.set(request.id, { resolve, reject })
    })
  return {
    ask,
    end: async () => {
      if (!isEnded) await ask([{ kind: 'close' }])
      worker.ref()
      await ended
    },
    get isEnded() {
      return isEnded
    },
  }
}

/** Its code says that it is the store's trouble and nobody's statement's. */
export const threadEnded = 'store-thread-ended'

const gone = (cause?: Error): Fault => {
  const why = cause === undefined ? '' : `: ${cause.message}`
  return new Fault(threadEnded, `The thread of the database has ended${why}.`, { cause, isRetryable: true })
}
