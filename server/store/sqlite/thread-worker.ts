import { parentPort, workerData } from 'node:worker_threads'
import { propertyOf } from '../capabilities.ts'
import { connectSqlite } from './connection.ts'
import { type Answer, nothing, type Problem, type Request, type Step } from './step.ts'

// The other side of thread.ts: one connection, which answers in order.

const { file, readOnly } = workerData as { file: string; readOnly: boolean }
const connection = connectSqlite(file, { readOnly })

parentPort?.on('message', (requests: readonly Request[]) => {
  parentPort?.postMessage(requests.map(answer))
  if (requests.some(({ steps }) => steps.some(({ kind }) => kind === 'close'))) parentPort?.close()
})

function answer({ id, steps }: Request): Answer {
  const before: number[] = []
  let at = 0
  let outcome = nothing
  try {
    for (; at < steps.length; at += 1) {
      if (at > 0) before.push(outcome.changes)
      outcome = connection.run(steps[at] as Step)
    }
    return { id, outcome: { ...outcome, before } }
  } catch (error) {
    const problem = problemOf(error)
    if (steps.some(({ kind }) => kind === 'commit')) connection.endTransaction()
    return { id, at, problem }
  }
}

function problemOf(error: unknown): Problem {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { name, message, code: propertyOf(error, 'code'), errcode: propertyOf(error, 'errcode') }
}
