import { Fault } from '#shared/domain/fault.ts'
import addresses from '#shared/protocol/documents/addresses.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { CollectorConfig } from '../config.ts'
import type { Documents } from '../identity/documents.ts'
import { openIdentity } from '../identity/identity.ts'
import type { Verb } from '../main.ts'
import { systemTime } from '../system-time.ts'
import { readWords } from './start/flags.ts'
import { withStore } from './start/store.ts'
import { readWhereabouts } from './start/whereabouts.ts'

const usage = `Usage: npm run -s tierline -- addresses [set URL …] [flags]

Says where agents look for this collector. With set, signs another list, in the order in which they shall try; the
collector may be running meanwhile, and tells its agents within seconds. The address an agent enrolled with always stays
its last resort. Keep the old address in the list, and answering, until every agent has been here once.

  --data DIR       the collector's data folder (./tierline-data)
  --database URL   postgres://…, when the collector was started with it
`

const verb: Verb = {
  summary: 'says where agents look for this collector, or signs another list',
  usage,
  async run(args) {
    const { config, words } = readWords(args)
    const [act, ...urls] = words
    if (act !== undefined && act !== 'set') throw new Fault('flag-bad', `"${act}" is nothing to do here; say set, or nothing.`)
    const collectors = act === 'set' ? readList(urls) : undefined
    const { agentsUrl } = readWhereabouts(config.dataDir)
    await withDocuments(config, async (documents) => {
      if (collectors) await documents.issue(addresses, () => ({ collectors }))
      process.stdout.write(listing(documents))
    })
    if (collectors && !collectors.includes(agentsUrl)) {
      process.stderr.write(`The collector answers at ${agentsUrl} now, and that is not in the list.\n`)
    }
  },
}
export default verb

function readList(urls: string[]): string[] {
  const collectors = urls.map((url) => originOf(url) ?? url)
  const parsed = addresses.content.safeParse({ collectors })
  if (parsed.success) return parsed.data.collectors
  const { path } = parsed.error.issues[0] ?? { path: [] }
  const url = collectors[Number(path[1])]
  if (url === undefined) throw new Fault('flag-bad', 'Name one to ten addresses, such as https://rmm.example.org:7843.')
  throw new Fault('flag-bad', `"${url}" won't do: ${firstIssue(parsed.error).replace(/^[\w.]+: /, '')}.`)
}

/** People type a slash at the end, and capitals; a path, a user or a query is a mistake. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text)
  return url && url.href === `${url.origin}/` ? url.origin : undefined
}

async function withDocuments(config: CollectorConfig, work: (documents: Documents) => Promise<void>): Promise<void> {
  await withStore(config, async (store) => {
    const { documents } = await openIdentity({ dataDir: config.dataDir, store, time: systemTime, verbs: ['*'] })
    await work(documents)
  })
}

function listing(documents: Documents): string {
  const list = documents.content(addresses)
  if (!list) return 'No list is signed: agents dial the address they enrolled with.\n'
  const number = documents.numbers()[addresses.name]
  return `List ${number}, in the order in which agents try:\n${list.collectors.map((collector) => `  ${collector}\n`).join('')}`
}
