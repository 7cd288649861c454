import { Worker } from 'node:worker_threads'
import { Fault } from '#shared/domain/fault.ts'
import { propertyOf } from '../store/capabilities.ts'
import type { Preview } from './would-have.ts'

/*
 * What going live would have changed, played in a thread of its own: weeks of a large organisation take seconds of a core, and
 * whoever waits for an alert waits for none of them. One is played at a time; who asks for the same one meanwhile gets the same.
 * Meets: a record so large that it takes the collector's memory (the thread has a bound of its own).
 */

export interface Asked {
  organisationId: string
  /** Of the matrix in force. */
  matrixVersion: number
  now: number
}

export interface Previews {
  /** undefined: there is no such organisation. @throws Fault `preview-failed` */
  of(asked: Asked): Promise<Preview | undefined>
  /** Nobody waits any more. */
  stop(): Promise<void>
}

const maxMiB = 768

export function openPreviews(url: string): Previews {
  const waiting = new Map<string, Promise<Preview | undefined>>()
  let last: Promise<unknown> = Promise.resolve()
  let playing: Worker | undefined
  let isStopped = false
  const play = (asked: Asked): Promise<Preview | undefined> => {
    if (isStopped) throw stopped()
    const resourceLimits = { maxOldGenerationSizeMb: maxMiB }
    playing = new Worker(new URL('./preview-worker.ts', import.meta.url), { workerData: { url, ...asked }, resourceLimits })
    return answerOf(playing)
  }
  return {
    of(asked) {
      const key = `${asked.organisationId} ${asked.matrixVersion}`
      const known = waiting.get(key)
      if (known) return known
      const answer = last.then(() => play(asked)).finally(() => waiting.delete(key))
      last = answer.catch(() => undefined)
      waiting.set(key, answer)
      return answer
    },
    async stop() {
      isStopped = true
      await playing?.terminate()
      await last
    },
  }
}

function answerOf(worker: Worker): Promise<Preview | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Preview | undefined>()
  worker.once('message', resolve)
  worker.once('error', (error) => reject(propertyOf(error, 'code') === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge() : error))
  worker.once('exit', () => reject(stopped()))
  return promise
}

const tooLarge = (): Fault => new Fault('preview-failed', 'The record of these days is too large to be played; go live without looking.')
const stopped = (): Fault => new Fault('preview-failed', 'The collector stops; ask again when it is back.')
