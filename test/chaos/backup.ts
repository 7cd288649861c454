import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CollectorSide } from './collector-side.ts'
import { loadPostgres, type PostgresCopy, savePostgres } from './postgres-copy.ts'

/** A collector as people save it: SQLite with its keys in one file, PostgreSQL by its own means and the keys beside it. */
export interface Backup {
  file: string
  passphraseFile: string
  copy: PostgresCopy | undefined
}

export async function backUp(collector: CollectorSide, folder: string): Promise<Backup> {
  const [file, passphraseFile] = [join(folder, `backup-${collector.side.starts}`), join(folder, 'passphrase')]
  writeFileSync(passphraseFile, 'four words that nobody says\n', { mode: 0o600 })
  const isOnPostgres = collector.database !== 'sqlite'
  const copy = isOnPostgres ? await insist(() => savePostgres(collector.database)) : undefined
  await insist(() => run(collector, 'backup', file, '--passphrase-file', passphraseFile, ...(isOnPostgres ? ['--keys-only'] : [])))
  return { file, passphraseFile, copy }
}

/** Into a new folder, and where it had one into a new database; the collector must not run. */
export async function restore(collector: CollectorSide, { file, passphraseFile, copy }: Backup): Promise<void> {
  collector.dataDir = `${collector.dataDir}-again`
  if (copy) collector.database = await insist(() => loadPostgres(copy, collector.database, `restored_${collector.side.starts}`))
  await insist(() => run(collector, 'restore', file, '--passphrase-file', passphraseFile))
}

const insistForMs = 60_000

/** A disk may be full now, or the database away: whoever saves a collector tries again then. */
async function insist<Result>(work: () => Promise<Result>): Promise<Result> {
  const giveUpAt = performance.now() + insistForMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > giveUpAt) throw error
      await sleep(1_000)
    }
  }
}

async function run(collector: CollectorSide, verb: string, ...rest: string[]): Promise<void> {
  const { file, args } = collector.verb(verb, ...rest)
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...collector.clock.env } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`tierline ${verb} ended with ${code}: ${said}`)
}
