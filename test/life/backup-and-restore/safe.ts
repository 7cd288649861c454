import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished } from 'vitest'
import type { TestCollector } from '../../support/collector.ts'
import { startProgram } from '../../support/program.ts'

/** A collector whose database a backup holds, whatever the suite runs on. */
export const onSqlite = { database: 'sqlite' } as const

export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-backup-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

export interface Safe {
  /** `tierline backup`, as people run it, beside whatever runs on this folder. */
  backup(dataDir: string, ...flags: string[]): Promise<void>
  /** `tierline restore` into a folder that was not there; what it said, and the folder. */
  restore(...flags: string[]): Promise<{ dataDir: string; said: string }>
}

export function safe(): Safe {
  const place = folder()
  const [file, passphrase, dataDir] = [join(place, 'collector.backup'), join(place, 'passphrase'), join(place, 'restored')]
  writeFileSync(passphrase, 'four words that nobody says\n', { mode: 0o600 })
  const run = async (verb: string, data: string, flags: string[]): Promise<string> => {
    const program = startProgram([verb, file, '--data', data, '--passphrase-file', passphrase, ...flags])
    expect([await program.ended, program.errors()]).toEqual([0, ''])
    return program.output()
  }
  return {
    backup: async (from, ...flags) => void (await run('backup', from, flags)),
    restore: async (...flags) => ({ said: await run('restore', dataDir, flags), dataDir }),
  }
}

/** Looks into a data folder from outside. */
export function readRows(dataDir: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(dataDir, 'tierline.db'), { readOnly: true })
  const rows = database.prepare(sql).all()
  database.close()
  return rows.map((row) => ({ ...row }))
}

/** What happened by what it was about, and how often it is stored. */
export function readStored(dataDir: string): Map<string, number> {
  const rows = readRows(dataDir, `select about, count(*) as times from signals where kind like '%test.happened' group by about`)
  return new Map(rows.map(({ about, times }) => [String(about), Number(times)]))
}

/** For a collector that takes another one's place. */
export function portsOf({ consoleUrl, agentsUrl }: Pick<TestCollector, 'consoleUrl' | 'agentsUrl'>) {
  const place = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
  return { console: place(consoleUrl), agents: place(agentsUrl) }
}
