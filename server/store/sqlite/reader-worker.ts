import { parentPort, workerData } from 'node:worker_threads'
import { sentenceOf } from '#shared/domain/fault.ts'
import { connectSqlite } from './connection.ts'
import type { ReadAnswer, ReadRequest } from './reader.ts'

// A thread of its own: it reads with a connection that can't write, and answers in order.

const connection = connectSqlite((workerData as { file: string }).file, { readOnly: true })

parentPort?.on('message', (request: ReadRequest) => parentPort?.postMessage(read(request)))

function read({ id, sql, parameters }: ReadRequest): ReadAnswer {
  try {
    return { id, rows: connection.prepare(sql).all(parameters) }
  } catch (error) {
    return { id, problem: sentenceOf(error) }
  }
}
