import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { createAudit } from '../audit/audit.ts'
import { holdsDatabase, restoreBackup } from '../backup/backup.ts'
import type { Manifest } from '../backup/content.ts'
import { readPassphrase } from '../backup/passphrase.ts'
import { type CollectorConfig, configFlags, loadConfig, storeUrlOf } from '../config.ts'
import { openMatrices } from '../desk/matrices.ts'
import type { Verb } from '../main.ts'
import { settleRestored } from '../restore/restore.ts'
import type { Left } from '../restore/restore-note.ts'
import { open as openPostgres } from '../store/dialects/postgres.ts'
import { openStore } from '../store/store.ts'
import { systemTime } from '../system-time.ts'
import { table } from './start/print.ts'

const usage = `Usage: npm run -s tierline -- restore FILE [flags] < PASSPHRASE-FILE

Makes a data folder of a backup, to start a collector on. Stop the one that it replaces first: two of one identity must
not run. What was done since the backup is forgotten, so nothing that was on its way is sent, nothing that was missed fires
in a burst, and tokens of programs and sources wait until an admin lets them go on; a ticket sums it up.

  --data DIR              where; missing or empty (./tierline-data)
  --passphrase-file FILE  holds the passphrase, and only you can read it; stdin otherwise
  --database URL          postgres://…, restored with pg_restore before; FILE is a backup with --keys-only
  --matrix FILE           an escalation matrix of your own
`

const verb: Verb = {
  summary: 'makes a data folder of a backup',
  usage,
  async run(args) {
    const { data, database, matrix } = configFlags
    const options = { data, database, matrix, 'passphrase-file': { type: 'string' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { 'passphrase-file': passphraseFile, ...flags } = values
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Fault('flag-bad', 'Name one backup. --help lists what this verb takes.')
    const config = loadConfig(flags, process.env)
    const passphrase = await readPassphrase({ file: passphraseFile, stdin: process.stdin })
    let left: Left | undefined
    await restoreBackup({
      ...{ file, passphrase, dataDir: config.dataDir },
      prepare: async (folder, manifest) => {
        refuseOtherDatabase(config, holdsDatabase(manifest))
        await refuseForeign(config)
        left = await settleIn({ ...config, dataDir: folder }, manifest)
      },
    })
    process.stdout.write(`${config.dataDir} is restored.\n${told(left)}`)
  },
}
export default verb

function refuseOtherDatabase({ database }: CollectorConfig, isInBackup: boolean): void {
  if (isInBackup === (database === 'sqlite')) return
  throw new Fault(
    'backup-other-database',
    isInBackup
      ? 'This backup holds its database: restore it without --database.'
      : 'This backup holds keys only: restore its database first (pg_restore --dbname=URL FILE.dump), and name that with --database.',
  )
}

/** Before anything is migrated: tables made here would stand in the way of pg_restore. */
async function refuseForeign({ database }: CollectorConfig): Promise<void> {
  if (database === 'sqlite') return
  const { reader, close } = await openPostgres(database)
  const found = await reader
    .selectFrom('organisations')
    .select('id')
    .limit(1)
    .execute()
    .catch(() => [])
  await close()
  if (found.length > 0) return
  throw new Fault('database-no-collector', 'That database holds no collector: restore it first (pg_restore --dbname=URL FILE.dump).')
}

async function settleIn(config: CollectorConfig, { madeAt, program }: Manifest): Promise<Left> {
  const store = await openStore(storeUrlOf(config))
  try {
    const audit = createAudit({ time: systemTime })
    const { rules } = await openMatrices({ store, time: systemTime, file: config.matrixFile })
    return await settleRestored(store, rules, audit, { madeAt, program }, systemTime.now())
  } finally {
    await store.close()
  }
}

/** What people find when the collector is up again; a ticket of its own says the same. */
function told(left: Left | undefined): string {
  if (!left) return ''
  const { commands, questions, timers, endpoints, sessions, tokens, sources, enrolmentTokens } = left
  return table({
    'Wait for a person': `commands ${commands}, questions ${questions}`,
    'Planned anew': `timers ${timers}`,
    'Will say how they are': `endpoints ${endpoints}`,
    Ended: `sign-ins ${sessions}, enrolment tokens ${enrolmentTokens}`,
    'Wait for an admin': `API tokens ${tokens}, sources ${sources}`,
  })
}
