import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import { configFlags, isLoopback, loadConfig } from '../config.ts'
import { openIdentity } from '../identity/identity.ts'
import type { Verb } from '../main.ts'
import type { Store } from '../store/store.ts'
import { systemTime } from '../system-time.ts'
import { enrolLine } from './start/another-machine.ts'
import { withStore } from './start/store.ts'
import { readWhereabouts } from './start/whereabouts.ts'

const usage = `Usage: npm run -s tierline -- token [flags]

Prints the line that enrols one machine; the collector may be running meanwhile. The token is good once.

  --data DIR           the collector's data folder (./tierline-data)
  --database URL       postgres://…, when the collector was started with it
  --organisation NAME  whose machine it is (the oldest organisation)
  --minutes N          how long the token is good (30)
`

const verb: Verb = {
  summary: 'prints the line that enrols one machine',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const options = { data, database, organisation: { type: 'string' }, minutes: { type: 'string', default: '30' } } as const
    const { organisation, minutes: life, ...flags } = parseArgs({ args, options }).values
    const config = loadConfig(flags, process.env)
    const { agentsUrl: collectorUrl } = readWhereabouts(config.dataDir)
    const ttlMs = minutes(wholeNumber(life))
    const token = await withStore(config, async (store) => {
      const identity = await openIdentity({ dataDir: config.dataDir, store, time: systemTime, verbs: ['*'] })
      const organisationId = await organisationNamed(store, organisation)
      return (await identity.createToken({ organisationId, collectorUrl, createdBy: 'system', isNew: true, ttlMs })).token
    })
    process.stdout.write(`${enrolLine(token)}\n`)
    if (isLoopback(new URL(collectorUrl).hostname)) {
      process.stderr.write('It works on this machine only: the collector listens for no other (--listen, --public-url).\n')
    }
  },
}
export default verb

async function organisationNamed(store: Store, name: string | undefined): Promise<string> {
  const all = await store.reader.selectFrom('organisations').select(['id', 'name']).orderBy('created_at').execute()
  const found = name === undefined ? all[0] : all.find((each) => each.name === name || each.id === name)
  if (found) return found.id
  throw new Fault('organisation-unknown', `There is no organisation "${name}"; there are: ${all.map((each) => each.name).join(', ')}.`)
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new Fault('flag-bad', `--minutes is "${text}"; it must be a whole number from 1.`)
}
