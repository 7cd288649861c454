import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { everyPage } from '#shared/api/page.ts'
import { type NewStanding, StandingAsked, StandingList, type StandingShown } from '#shared/api/standing.ts'
import { commands } from '#shared/commands/registry.ts'
import { Fault } from '#shared/domain/fault.ts'
import { isCanonicalJson } from '#shared/protocol/canonical.ts'
import { StandingOrder, standingType } from '#shared/protocol/standing-order.ts'
import type { Verb } from '../main.ts'
import { type Api, openApi, printable } from './start/api.ts'
import { openKeyFile } from './start/key-file.ts'
import { inWords } from './start/standing-words.ts'

const usage = `Usage: npm run -s tierline -- standing [list | drafts | show ID | draft NAME | sign DIGEST … | withdraw ID] [flags]

What machines do by themselves. A draft ships and does nothing; \`draft NAME --organisation ID\` asks for it, and where operators are
named it then waits for their signatures. \`list\` shows each with its runs, and what waits with the digest of the very bytes;
\`sign DIGEST --with FILE\` signs those. A withdrawal waits for one signature in the same way.

  --organisation ID       whose machines
  --endpoint ID           only this one (may be repeated), instead of the draft's role
  --days COUNT            how long it is good for, 180 at most
  --on mon,wed            on which days its window opens, instead of the draft's
  --from HH:MM --to HH:MM from when to when, by the clock of the machines' site
  --zone NAME             another clock, such as Europe/Berlin
  --reason TEXT           why
  --with FILE             your operator's key
  --url URL               the collector's console (http://127.0.0.1:7840)
  --token-file FILE       holds your token for programs, and only you can read it
  --passphrase-file FILE  holds the key's passphrase; asked for otherwise
`

const text = { type: 'string' } as const
const flags = {
  organisation: text,
  endpoint: { ...text, multiple: true },
  days: text,
  on: text,
  from: text,
  to: text,
  zone: text,
  reason: text,
  with: text,
  url: text,
  'token-file': text,
  'passphrase-file': text,
} as const
type Values = { [Name in keyof typeof flags]?: Name extends 'endpoint' ? string[] | undefined : string | undefined }

const verb: Verb = {
  summary: 'shows what machines do by themselves; asks for it, signs it, ends it',
  usage,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true })
    const [act = 'list', ...named] = positionals
    const api = await openApi(values.url ?? 'http://127.0.0.1:7840', values['token-file'])
    process.stdout.write(await acts(api, act, named, values))
  },
}
export default verb

async function acts(api: Api, act: string, named: readonly string[], values: Values): Promise<string> {
  const [name] = named
  if (act === 'drafts') return (await read(api)).drafts.map(({ draft, says }) => `${draft}\n  ${says}\n`).join('')
  if (act === 'list') return listing((await read(api)).orders)
  if (name === undefined || !['show', 'draft', 'sign', 'withdraw'].includes(act)) throw new Fault('flag-bad', `${usage.split('\n')[0]}`)
  if (act === 'show') return listing((await read(api)).orders.filter(({ id }) => id === name))
  if (act === 'sign') return (await Promise.all(named.map((digest) => sign(api, digest, values)))).join('')
  const reason = values.reason ?? 'asked for on the command line'
  const { organisation: organisationId, endpoint: endpoints, days } = values
  const when = act === 'draft' ? windowOf(values) : undefined
  const body =
    act === 'withdraw'
      ? { reason }
      : { draft: name, organisationId, reason, ...(endpoints && { endpoints }), ...(days && { days: Number(days) }), ...(when && { when }) }
  const path = act === 'withdraw' ? `/api/standing-orders/${encodeURIComponent(name)}/withdraw` : '/api/standing-orders'
  const { id, status } = StandingAsked.parse(await api('POST', path, body))
  return `${id}: ${status === 'signed' ? 'signed; machines hear of it' : 'it waits for signatures; the list shows its digest'}.\n`
}

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** All of it or nothing: half a window would be the draft's other half. */
function windowOf({ on, from, to, zone }: Values): NewStanding['when'] | undefined {
  if ([on, from, to, zone].every((each) => each === undefined)) return undefined
  const days = (on ?? '').split(',').map((day) => weekdays.indexOf(day.trim().toLowerCase()) + 1)
  if (days.includes(0) || from === undefined || to === undefined)
    throw new Fault('flag-bad', `A window has --on (${weekdays.join(', ')}), --from and --to.`)
  return { kind: 'window', days, from, to, ...(zone !== undefined && { timeZone: zone }) }
}

async function read(api: Api): Promise<Pick<StandingList, 'drafts' | 'orders'>> {
  const pages = await everyPage(
    async (before) => StandingList.parse(await api('GET', `/api/standing-orders${before === undefined ? '' : `?before=${before}`}`)),
    (page) => page.orders.at(-1)?.id,
  )
  return { drafts: pages[0]?.drafts ?? [], orders: pages.flatMap(({ orders }) => orders) }
}

async function sign(api: Api, digest: string, values: Values): Promise<string> {
  const { orders } = await read(api)
  const payload = orders.flatMap(({ waiting }) => waiting ?? []).find((each) => digestOf(each.payload) === digest)?.payload
  if (payload === undefined)
    throw new Fault('standing-unknown', `Nothing with the digest ${digest} waits for a signature; name the digest that is shown first.`)
  const key = await openKeyFile(values.with, '--with', values['passphrase-file'])
  const jws = await key.signText(payload, standingType)
  const said = (await api('POST', `/api/standing-orders/${orderIn(payload).id}/signatures`, { jws })) as { signed: number; needed: number }
  return `${digest}: signed by ${said.signed} of ${said.needed}.\n`
}

/** Names the bytes; which bytes go with an id is the collector's word. */
const digestOf = (payload: string): string => createHash('sha256').update(payload).digest('hex').slice(0, 40)

/** What these bytes say, and nothing else. */
function orderIn(payload: string): StandingOrder {
  if (isCanonicalJson(payload)) return StandingOrder.parse(JSON.parse(payload))
  throw new Fault('payload-bad', 'The collector sent bytes that can be read in more than one way; don’t sign them.')
}

const listing = (orders: readonly StandingShown[]): string =>
  orders.length === 0 ? 'There are no standing orders.\n' : orders.map(shown).join('\n')

function shown(order: StandingShown): string {
  const { id, name, state, signedBy, isSignerGone, waiting, machines } = order
  const rows = machines.map(
    ({ hostname, delivery, detail, runs }) => `  ${hostname}: ${delivery}, ${runs} runs${detail === '' ? '' : `; ${detail}`}\n`,
  )
  const by = `${signedBy.join(', ') || 'nobody'}${isSignerGone ? ', of whom somebody is an operator no longer: it doesn’t run' : ''}`
  const waits = waiting
    ? `  waits for ${waiting.needed - waiting.signedBy.length} signatures on ${digestOf(waiting.payload)}:\n${inWords(orderIn(waiting.payload), commands.get(order.verb)?.risk)}`
    : ''
  return printableLines(`${id}  ${name}: ${state}, signed by ${by}\n${waits}${rows.join('')}`)
}

const printableLines = (lines: string): string => lines.split('\n').map(printable).join('\n')
