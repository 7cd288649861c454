import { parseArgs } from 'node:util'
import { BulkDetail, BulkList, BulkPlan, type BulkSummary, type NewBulk } from '#shared/api/bulk.ts'
import { CommandAsked } from '#shared/api/commands.ts'
import { EndpointList } from '#shared/api/endpoints.ts'
import { Fault } from '#shared/domain/fault.ts'
import type { Verb } from '../main.ts'
import { type Api, openApi } from './start/api.ts'

const usage = `Usage: npm run -s tierline -- bulk [list | show ID | ask VERB MACHINE … | stop ID | go-on ID | end ID] [flags]

One order for many machines of one organisation, under one signature: given to one machine, then to a tenth, then to all. It
stops by itself when more fail than its limit says; then somebody looks, and lets it go on or ends it. Where operators are
named, \`tierline sign\` shows the whole list and signs it.

  ask VERB MACHINE …        shows what would become of it; with --yes it is asked for. A machine is named by its host name or id
    --reason TEXT           why; needed with --yes, and to stop, go on or end
    --args JSON             the command's arguments ({})
    --fail-percent COUNT    from more failures of a stage on it stops (10); the first stage may not fail at all
    --wait-minutes COUNT    how long a stage waits for those that are connected and don't answer (10)
    --hours COUNT           how long it is good for (24); who is away until then is left out
    --at-once               without stages; only for what is against an attack
  show ID                   each machine, in the order of their turns, and what it said
  list                      the newest; --before ID for those before that one
  stop ID, end ID           take back what has not arrived; what is stopped can go on

  --url URL                 the collector's console (http://127.0.0.1:7840)
  --token-file FILE         holds your token for programs, and only you can read it
`

const text = { type: 'string' } as const
const yesOrNo = { type: 'boolean' } as const
const flags = {
  ...{ url: text, 'token-file': text, reason: text, args: text, 'fail-percent': text, 'wait-minutes': text, hours: text, before: text },
  ...{ 'at-once': yesOrNo, yes: yesOrNo },
}
type Flags = ReturnType<typeof parse>['values']
const parse = (args: string[]) => parseArgs({ args, options: flags, allowPositionals: true })

const verb: Verb = {
  summary: 'orders the same of many machines, in stages that stop by themselves',
  usage,
  async run(args) {
    const { values, positionals } = parse(args)
    const api = await openApi(values.url ?? 'http://127.0.0.1:7840', values['token-file'])
    process.stdout.write(await run(api, positionals, values))
  },
}
export default verb

async function run(api: Api, [act = 'list', ...named]: string[], values: Flags): Promise<string> {
  if (act === 'list') {
    const before = values.before === undefined ? '' : `?before=${encodeURIComponent(values.before)}`
    return listing(BulkList.parse(await api('GET', `/api/bulk${before}`)))
  }
  const [first, ...machines] = named
  if (first === undefined)
    throw new Fault('flag-bad', 'Write: bulk show ID, ask VERB MACHINE …, stop ID, go-on ID or end ID; --help says more.')
  if (act === 'show') return detail(await read(api, first))
  if (act === 'ask') return ask(api, first, machines, values)
  if (!['stop', 'go-on', 'end'].includes(act)) throw new Fault('flag-bad', `There is no "bulk ${act}"; --help lists what there is.`)
  await api('POST', `/api/bulk/${encodeURIComponent(first)}/${act}`, { reason: reasonIn(values) })
  return detail(await read(api, first))
}

const read = async (api: Api, id: string): Promise<BulkDetail> => BulkDetail.parse(await api('GET', `/api/bulk/${encodeURIComponent(id)}`))

async function ask(api: Api, verb: string, machines: readonly string[], values: Flags): Promise<string> {
  const known = EndpointList.parse(await api('GET', '/api/endpoints')).endpoints
  const chosen = machines.map((name) => only(known, name))
  const [organisation, ...others] = [...new Set(chosen.map((endpoint) => endpoint.organisation.id))]
  if (organisation === undefined) throw new Fault('flag-bad', 'Name the machines, by their host names or ids.')
  if (others.length > 0) throw new Fault('flag-bad', 'These machines are of several organisations: an order is for one.')
  const reason = values.yes ? reasonIn(values) : (values.reason ?? 'to see what would happen')
  const body: NewBulk = {
    ...{ organisationId: organisation, verb, args: argsIn(values), reason, endpoints: chosen.map(({ id }) => id) },
    ...(values['fail-percent'] !== undefined && { failPercent: Number(values['fail-percent']) }),
    ...(values['wait-minutes'] !== undefined && { waitMinutes: Number(values['wait-minutes']) }),
    ...(values.hours !== undefined && { hours: Number(values.hours) }),
    ...(values['at-once'] && { isAtOnce: true }),
  }
  if (!values.yes) return planned(BulkPlan.parse(await api('POST', '/api/bulk/plan', body)))
  const { id } = CommandAsked.parse(await api('POST', '/api/bulk', body))
  return detail(await read(api, id))
}

function only(known: readonly { id: string; hostname: string; organisation: { id: string } }[], name: string) {
  const found = known.filter(({ id, hostname }) => id === name || hostname === name)
  const [one] = found
  if (!one || found.length > 1)
    throw new Fault('flag-bad', `There ${one ? 'is more than one' : 'is no'} machine "${name}"${one ? ': give its id' : ''}.`)
  return one
}

function reasonIn({ reason }: Flags): string {
  if (reason === undefined || reason.trim() === '') throw new Fault('flag-bad', 'Say why with --reason.')
  return reason
}

function argsIn({ args = '{}' }: Flags): Record<string, unknown> {
  try {
    return JSON.parse(args) as Record<string, unknown>
  } catch (error) {
    throw new Fault('flag-bad', 'Write --args as JSON, such as {"unit":"nginx.service"}.', { cause: error })
  }
}

function planned({ stages, machines, operators, refused }: BulkPlan): string {
  const rows = machines.map(
    ({ name, stage, isConnected, why }) => `  stage ${stage}  ${name}${isConnected ? '' : ', away'}${why === null ? '' : `: ${why}`}\n`,
  )
  const signing =
    operators === null ? 'The collector’s key is enough.' : `${operators.needed} operators’ signatures are needed: ${operators.why}.`
  return printable(`In stages of ${stages.join(', ')}. ${signing}\n${rows.join('')}${refused ?? 'With --yes it is asked for.'}\n`)
}

function listing({ bulks, hasMore }: BulkList): string {
  if (bulks.length === 0) return 'Nothing was asked of many machines.\n'
  const older = hasMore ? `There are older ones: --before ${bulks.at(-1)?.id}\n` : ''
  return printable(`${bulks.map((bulk) => `${bulk.id}  ${headline(bulk)}\n`).join('')}${older}`)
}

const headline = ({ verb, status, note, organisation, stage, stages }: BulkSummary): string =>
  `${verb} at ${organisation.name}: ${status}, stage ${stage} of ${stages.length}${note === '' ? '' : `: ${note}`}`

function detail(bulk: BulkDetail): string {
  const stages = bulk.stages.map(
    ({ size, succeeded, failed, underWay, dropped, waiting }, at) =>
      `  stage ${at + 1} of ${size}: ${succeeded} succeeded, ${failed} failed, ${underWay} under way, ${dropped} taken back, ${waiting} to come\n`,
  )
  const machines = bulk.machines.map(
    ({ name, stage, status, detail: said }) => `  ${stage}  ${name}  ${status ?? 'to come'}${said === null ? '' : `: ${said}`}\n`,
  )
  return printable(`${bulk.id}\n${headline(bulk)}\n${stages.join('')}${machines.join('')}`)
}

/** Names and answers are machines': no sequence of theirs moves the cursor. */
const printable = (said: string): string => said.replaceAll(/(?!\n)[\p{Cc}\p{Cf}]/gu, '?')
