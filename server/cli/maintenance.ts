import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { Tag } from '#shared/domain/endpoint.ts'
import { Fault } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import { configFlags, loadConfig } from '../config.ts'
import { mustBeGood, shippedMatrix } from '../desk/matrices.ts'
import { createMaintenance, type Maintenance } from '../due/maintenance.ts'
import type { Verb } from '../main.ts'
import { loadMatrix, parseMatrix } from '../route/matrix.ts'
import type { Store } from '../store/store.ts'
import { type Repeats, type Weekday, weekdays } from '../suppress/occurrences.ts'
import type { NewWindow } from '../suppress/windows.ts'
import { systemTime } from '../system-time.ts'
import { withStore } from './start/store.ts'

const usage = `Usage: npm run -s tierline -- maintenance [list | add NAME … | end ID | remove ID] [flags]

Lists the maintenance windows that are open or to come, with their next five dates in site time; plans one; closes the one
that is open now; takes one off the plan. The collector may be running meanwhile, and heeds it within a minute. Security
never waits for a window.

  add NAME --organisation NAME [--site NAME | --endpoint HOSTNAME | --tag TAG] --minutes COUNT
    --weekly sun,wed --at 02:00     every week, in the time of the site, else of the organisation
    --starts 2026-11-29T22:00       once, in the same time

  --data DIR      the collector's data folder (./tierline-data)
  --database URL  postgres://…, when the collector was started with it
`

const text = { type: 'string' } as const
const windowFlags = { organisation: text, site: text, endpoint: text, tag: text, minutes: text, weekly: text, at: text, starts: text }
type WindowFlags = { [Name in keyof typeof windowFlags]?: string | undefined }

const verb: Verb = {
  summary: 'plans maintenance windows, lists them, ends one',
  usage,
  async run(args) {
    const { data, database } = configFlags
    const { values, positionals } = parseArgs({ args, options: { data, database, ...windowFlags }, allowPositionals: true })
    const { organisation, site, endpoint, tag, minutes: count, weekly, at, starts, ...config } = values
    const flags = { organisation, site, endpoint, tag, minutes: count, weekly, at, starts }
    const [act = 'list', name] = positionals
    process.stdout.write(await withStore(loadConfig(config, process.env), (store) => run(store, act, name, flags)))
  },
}
export default verb

async function run(store: Store, act: string, name: string | undefined, flags: WindowFlags): Promise<string> {
  const maintenance = createMaintenance({ store, time: systemTime, timers: { replan: () => undefined } })
  if (act === 'list') return listing(store, maintenance)
  if (name === undefined || !['add', 'end', 'remove'].includes(act))
    throw new Fault('flag-bad', 'Write: maintenance list, add NAME, end ID, or remove ID; --help says more.')
  if (act === 'add') await add(store, maintenance, name, flags)
  else if (!(await (act === 'end' ? maintenance.end(name) : maintenance.remove(name))))
    throw new Fault(
      'window-unknown',
      `There is no maintenance window ${name}${act === 'end' ? ' that is open' : ''}; the list shows those that there are.`,
    )
  return listing(store, maintenance)
}

async function listing({ reader }: Store, { upcoming }: Maintenance): Promise<string> {
  const rows = await reader.selectFrom('maintenance_windows').selectAll().where('removed_at', 'is', null).orderBy('opens_at').execute()
  const lines = rows.flatMap((row) => {
    const dates = upcoming(row)
    const isOpen = (dates[0]?.opensAt ?? Number.POSITIVE_INFINITY) <= systemTime.now()
    const times = dates.map(({ opens, closes }) => `  ${opens} – ${closes}\n`)
    return dates.length === 0
      ? []
      : [`${row.id}  ${row.name} (${row.scope}, ${row.time_zone})${isOpen ? ', open now' : ''}\n${times.join('')}`]
  })
  return lines.length === 0 ? 'No maintenance window is open or to come.\n' : lines.join('')
}

async function add(store: Store, maintenance: Maintenance, name: string, flags: WindowFlags): Promise<void> {
  const longest = await longestMs(store)
  const lasts = minutes(Number(flags.minutes))
  if (!(lasts > 0 && lasts <= longest)) throw new Fault('flag-bad', `Say how long with --minutes, from 1 to ${longest / minutes(1)}.`)
  const place = await placeOf(store, flags)
  const repeats = repeatsOf(flags, place.timeZone)
  const id = await maintenance.plan({ ...place, name, createdBy: `cli:${userInfo().username}`, durationMs: lasts, repeats })
  if (id === undefined)
    throw new Fault('flag-bad', 'This window would be over by now: expected --starts with an instant that is still to come.')
}

/** By the matrix in force. */
async function longestMs({ reader }: Store): Promise<number> {
  const newest = await reader.selectFrom('matrix_versions').select('yaml').orderBy('version', 'desc').limit(1).executeTakeFirst()
  const matrix = mustBeGood(newest ? parseMatrix(newest.yaml) : await loadMatrix(shippedMatrix), 'the matrix in force')
  return matrix.maintenance.longest
}

function repeatsOf({ weekly, at, starts }: WindowFlags, timeZone: string): Repeats {
  if ((weekly === undefined) === (starts === undefined)) throw new Fault('flag-bad', 'Say when: either --weekly with --at, or --starts.')
  if (starts !== undefined) return { kind: 'once', opensAt: instantOf(starts, timeZone) }
  const days = weekly?.split(',') ?? []
  const areDays = days.every((day): day is Weekday => (weekdays as readonly string[]).includes(day))
  if (!areDays || !/^([01]\d|2[0-3]):[0-5]\d$/.test(at ?? ''))
    throw new Fault('flag-bad', `Write days as ${weekdays.join(',')} and --at as 02:00.`)
  return { kind: 'weekly', days, at: at ?? '' }
}

function instantOf(starts: string, timeZone: string): number {
  try {
    return Temporal.PlainDateTime.from(starts).toZonedDateTime(timeZone).epochMilliseconds
  } catch (error) {
    throw new Fault('flag-bad', `"${starts}" is no time: write --starts 2026-11-29T22:00.`, { cause: error })
  }
}

async function placeOf(
  { reader }: Store,
  { organisation, site, endpoint, tag }: WindowFlags,
): Promise<Omit<NewWindow, 'name' | 'createdBy' | 'repeats' | 'durationMs'>> {
  const known = await reader
    .selectFrom('organisations')
    .select(['id', 'time_zone'])
    .where(({ eb, or }) => or([eb('id', '=', organisation ?? ''), eb('name', '=', organisation ?? '')]))
    .execute()
  const [owner] = known
  if (!owner || known.length > 1) throw new Fault('flag-bad', 'Say whose with --organisation, by its name or id.')
  const about = { organisationId: owner.id, timeZone: owner.time_zone }
  const sites = reader.selectFrom('sites').select(['sites.id', 'sites.time_zone']).where('sites.organisation_id', '=', owner.id)
  if (endpoint !== undefined) {
    const found = await reader
      .selectFrom('endpoints')
      .leftJoin('sites', 'sites.id', 'endpoints.site_id')
      .select(['endpoints.id', 'sites.time_zone'])
      .where('endpoints.organisation_id', '=', owner.id)
      .where(({ eb, or }) => or([eb('endpoints.id', '=', endpoint), eb('hostname', '=', endpoint)]))
      .execute()
    return { ...about, ...only(found, 'endpoint', endpoint, about.timeZone) }
  }
  if (site !== undefined) {
    const found = await sites.where(({ eb, or }) => or([eb('sites.id', '=', site), eb('sites.name', '=', site)])).execute()
    return { ...about, ...only(found, 'site', site, about.timeZone) }
  }
  if (tag !== undefined && !Tag.safeParse(tag).success) throw new Fault('flag-bad', `"${tag}" is no tag: write one such as payroll.`)
  if (tag !== undefined) return { ...about, scope: 'tag', value: tag }
  return { ...about, scope: 'organisation', value: owner.id }
}

function only<Scope extends 'endpoint' | 'site'>(
  found: readonly { id: string; time_zone: string | null }[],
  scope: Scope,
  name: string,
  timeZone: string,
) {
  const [one] = found
  if (!one || found.length > 1)
    throw new Fault('flag-bad', `There ${one ? 'is more than one' : 'is no'} ${scope} "${name}"${one ? ': give its id' : ''}.`)
  return { scope, value: one.id, timeZone: one.time_zone ?? timeZone }
}
