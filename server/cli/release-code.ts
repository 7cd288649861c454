import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { Inventory } from '#shared/domain/inventory.ts'
import { aboutCopy, releaseCodeOf, SealedRelease, shownCode } from '#shared/domain/release-code.ts'
import { createAudit } from '../audit/audit.ts'
import { type CollectorConfig, configFlags, loadConfig } from '../config.ts'
import type { Verb } from '../main.ts'
import type { Store } from '../store/store.ts'
import { systemTime } from '../system-time.ts'
import { openKeyFile } from './start/key-file.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- release-code MACHINE --number N --with KEY [--from FILE] [flags]
       npm run -s tierline -- release-code --export FILE [flags]

The first makes the code that opens an isolated machine which can't reach its collector: somebody there reads out the number
on its screen, and types the code (\`tierline-agent release CODE\`). It opens this isolation of this machine and nothing else,
once. With --from it needs no collector and no database, just the file and your key. The second writes that file: of every
machine the copies of its release secret, each sealed to one key. Make it whenever machines or operators were added, and keep
it where you can reach it when the collector can't be reached; a backup holds the same.

  --number N               what the machine's screen shows
  --with FILE              your key: an operator's whom the authority let release machines, or an authority's
  --from FILE              what --export wrote; without it, the collector's database is read
  --export FILE            where the copies go; stands in the audit
  --passphrase-file FILE   holds the key's passphrase, and only you can read it; asked for otherwise
  --data DIR               the collector's data folder (./tierline-data)
  --database URL           postgres://…, when the collector was started with it
`

const Machine = z.object({ endpointId: z.string(), hostname: z.string(), organisation: z.string(), release: SealedRelease })
type Machine = z.infer<typeof Machine>
const Bundle = z.object({ v: z.literal(1), kind: z.literal('tierline-release-copies'), madeAt: z.number(), machines: z.array(Machine) })

const text = { type: 'string' } as const
const { data, database } = configFlags
const options = { data, database, number: text, with: text, from: text, export: text, 'passphrase-file': text }

const verb: Verb = {
  summary: 'makes the code that opens an isolated machine without its collector',
  usage,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const { number, with: keyFile, from, export: to, 'passphrase-file': passphrase, ...flags } = values
    const [name, ...more] = positionals
    if (to !== undefined && positionals.length === 0) return exportTo(to, loadConfig(flags, process.env))
    if (name === undefined || more.length > 0 || to !== undefined)
      throw new Fault('flag-bad', 'Name one machine by its host name or its id, or say --export FILE.')
    const isolation = numberOf(number)
    const machines = from === undefined ? await withStore(loadConfig(flags, process.env), readCopies) : readBundle(from)
    const { endpointId, hostname, release } = machineNamed(machines, name)
    const key = await openKeyFile(keyFile, '--with', passphrase)
    const copy = release.copies.find(({ kid }) => kid === key.kid)
    if (!copy)
      throw new Fault('copy-missing', `${hostname} sealed its secret to others: ${release.copies.map((each) => each.name).join(', ')}.`)
    const secret = key.unseal(copy.box, aboutCopy(endpointId, release.secretId, key.kid))
    process.stdout.write(
      `${shownCode(await releaseCodeOf(secret, endpointId, isolation))}   opens ${hostname}, isolation ${isolation}, once\n`,
    )
  },
}
export default verb

function numberOf(said: string | undefined): number {
  if (said !== undefined && /^\d{1,9}$/.test(said)) return Number(said)
  throw new Fault('flag-bad', 'Say with --number what the machine’s screen shows: a whole number.')
}

function machineNamed(machines: readonly Machine[], name: string): Machine {
  const found = machines.filter((each) => each.endpointId === name || each.hostname.toLowerCase() === name.toLowerCase())
  const [machine, ...others] = found
  if (!machine) throw new Fault('endpoint-unknown', `Of "${name}" no sealed copy is known here; ${machines.length} machines have one.`)
  if (others.length === 0) return machine
  const which = found.map(({ endpointId, organisation }) => `${endpointId} of ${organisation}`).join(', ')
  throw new Fault('endpoint-ambiguous', `Several machines are called ${name}; name one by its id: ${which}.`)
}

async function exportTo(file: string, config: CollectorConfig): Promise<void> {
  await withStore(config, async (store) => {
    const machines = await readCopies(store)
    const about = { actor: 'system', action: 'release-copies.export', target: 'collector', organisationId: null }
    await createAudit({ time: systemTime }).record(store.db, { ...about, detail: { machines: machines.length } })
    const bundle = { v: 1, kind: 'tierline-release-copies', madeAt: systemTime.now(), machines }
    writeFileSync(file, `${JSON.stringify(bundle, null, 1)}\n`, { mode: 0o600, flag: 'wx' })
    process.stdout.write(`${file}: sealed copies of ${machines.length} machines. Without one of their keys nobody reads them.\n`)
  })
}

/** As agents said them last. */
async function readCopies({ reader }: Store): Promise<Machine[]> {
  const rows = await reader
    .selectFrom('endpoints')
    .innerJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .innerJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
    .select(['endpoints.id', 'endpoints.hostname', 'organisations.name', 'inventories.body'])
    .where('endpoints.removed_at', 'is', null)
    .orderBy('endpoints.hostname')
    .execute()
  return rows.flatMap(({ id, hostname, name, body }) => {
    const release = Inventory.safeParse(JSON.parse(body)).data?.agent.release
    return release ? [{ endpointId: id, hostname, organisation: name, release }] : []
  })
}

function readBundle(file: string): Machine[] {
  try {
    return Bundle.parse(JSON.parse(readFileSync(file, 'utf8'))).machines
  } catch (cause) {
    throw new Fault('bundle-unreadable', `${file} is not what \`tierline release-code --export\` writes.`, { cause })
  }
}
