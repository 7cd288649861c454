import { backup, DatabaseSync } from 'node:sqlite'
import { Fault } from '#shared/domain/fault.ts'

/** 1 MiB at a time, so that a stop is heard soon. */
const pagesAtOnce = 256

/**
 * Copies a database that others write to, as it is at one instant: a read transaction is held all the while, so a commit
 * of theirs neither waits for the copy nor makes it begin anew. The copy is checked before it counts.
 */
export async function takeSnapshot(from: string, to: string, stop: AbortSignal): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 })
  try {
    source.exec('begin')
    // A transaction begins with its first read.
    source.prepare('select count(*) from sqlite_schema').get()
    await backup(source, to, { rate: pagesAtOnce, progress: () => stop.throwIfAborted() })
    stop.throwIfAborted()
  } finally {
    source.close()
  }
  checkSnapshot(to)
}

function checkSnapshot(file: string): void {
  const copy = new DatabaseSync(file)
  try {
    const found = copy.prepare('pragma quick_check(1)').get()?.quick_check
    if (found !== 'ok') throw new Fault('database-damaged', `The database is damaged, and no backup was made of it: ${found}.`)
  } finally {
    copy.close()
  }
}
