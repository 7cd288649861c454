import { rowsOf, type Step } from './step.ts'
import { type SqliteThread, startThread } from './thread.ts'
import type { LogLength, Writer } from './writer.ts'

/*
 * Moves what is committed from SQLite's log into its file, in a thread of its own: the writer would do it inside a commit,
 * and whoever waits for that one would wait for two more fsyncs. It needs no lock of the writer's; so while commits never
 * cease, the log never ends either, and above `maxLogPages` the writer is asked, between two transactions, to move the
 * little that is left and begin the log anew. Somebody who reads an old state (a backup) delays that, and nobody waits.
 */

/** 4 MiB, as SQLite's own. */
const worthwhilePages = 1_000
/** 64 MiB. */
const maxLogPages = 16_384
/** What the writer may be asked to move by itself: some 10 ms. */
const maxLeftPages = 2_000

const move: Step[] = [{ kind: 'run', sql: 'pragma wal_checkpoint(passive)', values: [] }]

/** @returns its end. */
export function startCheckpointer(file: string, writer: Writer): () => Promise<void> {
  let thread: SqliteThread | undefined
  let working: Promise<void> | undefined

  const work = async (): Promise<void> => {
    if (!thread || thread.isEnded) thread = startThread(file, { readOnly: false })
    const [length] = rowsOf(await thread.ask(move))
    const log = Number(length?.log)
    if (log > maxLogPages && log - Number(length?.checkpointed) < maxLeftPages) await writer.alone(move)
  }
  const heed = ({ log, checkpointed }: LogLength): void => {
    if (working || log - checkpointed < worthwhilePages) return
    // A checkpoint that fails (a full disk) loses nothing; the next commit asks again.
    working = work()
      .catch(() => undefined)
      .finally(() => {
        working = undefined
      })
  }
  writer.onCommitted(heed)
  return async () => {
    await working
    await thread?.end()
  }
}
