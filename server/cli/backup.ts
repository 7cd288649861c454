import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { makeBackup } from '../backup/backup.ts'
import { readPassphrase } from '../backup/passphrase.ts'
import { configFlags, loadConfig } from '../config.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'

const usage = `Usage: npm run -s tierline -- backup FILE [flags] < PASSPHRASE-FILE

Writes one encrypted file with the database, the keys and where the collector was; it may be running meanwhile. Keep the
passphrase elsewhere: nobody can open the file without it, and with both anybody can be this collector.

  --data DIR              the collector's data folder (./tierline-data)
  --passphrase-file FILE  holds the passphrase, and only you can read it; stdin otherwise
  --keys-only             without the database
  --database URL          postgres://…: save it with pg_dump --format=custom, and the rest with --keys-only
`

const verb: Verb = {
  summary: 'writes an encrypted copy of the collector',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const options = { data, database, 'passphrase-file': { type: 'string' }, 'keys-only': { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { 'passphrase-file': passphraseFile, 'keys-only': keysOnly = false, ...flags } = values
    const config = loadConfig(flags, process.env)
    const file = oneFile(positionals)
    if (config.database !== 'sqlite' && !keysOnly) {
      throw new Fault(
        'backup-postgres',
        'PostgreSQL is saved by its own means: `pg_dump --format=custom --file=FILE.dump URL`, and the keys by this verb with --keys-only. Keep both: one is worth little without the other.',
      )
    }
    const passphrase = await readPassphrase({ file: passphraseFile, stdin: process.stdin })
    const about = { dataDir: config.dataDir, hasDatabase: !keysOnly, madeAt: systemTime.now(), program: packageJson.version }
    const bytes = await makeBackup({ file, passphrase, ...about, stop: untilInterrupted() })
    process.stdout.write(`${file} holds ${keysOnly ? 'the keys' : 'the database and the keys'} (${Math.ceil(bytes / 1024)} KiB).\n`)
  },
}
export default verb

function oneFile(positionals: string[]): string {
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new Fault('flag-bad', 'Name one file for the backup. --help lists what this verb takes.')
  return resolve(file)
}

function untilInterrupted(): AbortSignal {
  const stopping = new AbortController()
  const abort = (): void => stopping.abort(new Fault('backup-stopped', 'The backup was stopped, and nothing is left of it.'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, abort)
  return stopping.signal
}
