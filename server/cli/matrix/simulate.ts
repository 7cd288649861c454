import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { loadConfig } from '../../config.ts'
import { summed } from '../../figures/figures.ts'
import { readRules } from '../../pipeline/keep.ts'
import { recordedArrivals } from '../../rehearsal/history-arrivals.ts'
import { beginningOf, type Plan, runSimulation } from '../../rehearsal/simulation.ts'
import { type Matrix, problemLine } from '../../route/matrix.ts'
import type { Crew } from '../../simulate/load.ts'
import { type Panel, pictureOf } from '../../simulate/picture.ts'
import { type Report, reportOf, tableOf } from '../../simulate/report.ts'
import { systemTime } from '../../system-time.ts'
import { withStore } from '../start/store.ts'
import { type Act, named, readMatrix, readText } from './act.ts'
import { crewsOf, LoadDocument, loadOf } from './load.ts'
import { readYaml } from './read-yaml.ts'

const text = { type: 'string' } as const
const yes = { type: 'boolean', default: false } as const
const options = {
  ...{ days: { ...text, default: '30' }, seed: { ...text, default: '1' }, load: text, staffing: text, picture: text, json: yes },
  ...{ history: yes, data: text, database: text, against: text, 'against-load': text, 'against-staffing': text },
} as const

export const shippedLoad = join(import.meta.dirname, '../../simulate/default-load.yaml')

const act: Act = {
  usage: `  simulate FILE                       plays so many days of a desk by this matrix, over memory, and says how it went
                                      [--days 30] [--seed 1] [--load LOAD.yaml] [--staffing NAME] [--picture FILE.svg] [--json]
  simulate FILE --history             the same of what came to a collector in its last so many days [--data DIR] [--database URL]
  simulate FILE --against OTHER       the same days by two matrices, side by side
                                      [--against-load LOAD.yaml] [--against-staffing NAME]; without OTHER the matrix is the same
`,
  async run(args) {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [file = ''] = named(positionals, 'a FILE')
    const [days, seed] = [numberOf('days', values.days, 1, 3_660), numberOf('seed', values.seed, 0, 2 ** 31 - 1)]
    const one = await sideOf(file, values.load, values.staffing)
    const { against, 'against-load': load = values.load, 'against-staffing': staffing } = values
    const isCompared = (against ?? values['against-load'] ?? staffing) !== undefined
    const sides = isCompared ? [one, await sideOf(against ?? file, load, staffing ?? values.staffing)] : [one]
    const recorded = values.history ? await readRecorded(values, one.document.timeZone, seed, days) : undefined
    const runs = sides.map((side) => runOf(side, titleOf(side, sides), { seed, days, recorded }))
    if (values.picture !== undefined)
      await writeFile(
        values.picture,
        pictureOf(
          runs.map(({ panel }) => panel),
          one.document.timeZone,
        ),
      )
    const reports = runs.map(({ report }) => report)
    const says = { days, seed, startsOn: beginningOf(one.document, recorded?.from).toPlainDate().toString() }
    process.stdout.write(values.json ? `${JSON.stringify({ ...says, runs: reports }, null, 2)}\n` : told(says, reports))
  },
}
export default act

/** A matrix with the people who work by it. */
interface Side {
  matrix: Matrix
  document: LoadDocument
  crews: readonly Crew[]
  names: { matrix: string; load: string; staffing: string }
}

async function sideOf(file: string, loadFile: string = shippedLoad, wanted?: string): Promise<Side> {
  const [matrix, document] = [await readMatrix(file), await mustRead(loadFile)]
  const staffing = wanted ?? Object.keys(document.staffings)[0] ?? ''
  const crews = crewsOf(document, staffing)
  if (!crews)
    throw new Fault('flag-bad', `${loadFile} has no staffing "${staffing}"; it has ${Object.keys(document.staffings).join(', ')}.`)
  const unknown = crews.flatMap(({ teams }) => teams).find((team) => !Object.hasOwn(matrix.teams, team))
  if (unknown !== undefined) throw new Fault('load-bad', `${loadFile} has people in "${unknown}", and ${file} has no such team.`)
  return { matrix, document, crews, names: { matrix: basename(file), load: basename(loadFile), staffing } }
}

async function mustRead(file: string): Promise<LoadDocument> {
  const read = readYaml(await readText(file), LoadDocument)
  if (read.kind === 'good') return read.value
  throw new Fault('load-bad', read.problems.map((problem) => problemLine(file, problem)).join('\n'))
}

/** Whole days of the clock on the wall, today the last of them. */
async function readRecorded({ data, database }: { data?: string; database?: string }, timeZone: string, seed: number, days: number) {
  const today = Temporal.Instant.fromEpochMilliseconds(systemTime.now()).toZonedDateTimeISO(timeZone).startOfDay()
  const [from, until] = [today.subtract({ days: days - 1 }).epochMilliseconds, today.add({ days: 1 }).epochMilliseconds]
  const flags = { ...(data !== undefined && { data }), ...(database !== undefined && { database }) }
  const arrivals = await withStore(loadConfig(flags, process.env), ({ reader }) => recordedArrivals(reader, seed, from, until))
  return { from, arrivals }
}

function runOf(
  { matrix, document, crews }: Side,
  name: string,
  plan: Pick<Plan, 'seed' | 'days' | 'recorded'>,
): { report: Report; panel: Panel } {
  const simulated = runSimulation({ rules: readRules(matrix), load: loadOf(document), crews, ...plan })
  const { gauge, from, until } = simulated
  return { report: reportOf(name, simulated, summed(simulated.facts)), panel: { name, from, until, curves: gauge.curves() } }
}

/** By what the sides differ in. */
function titleOf({ names }: Side, sides: readonly Side[]): string {
  const keys = ['matrix', 'load', 'staffing'] as const
  const differing = keys.filter((key) => new Set(sides.map((side) => side.names[key])).size > 1)
  return (differing.length === 0 ? keys : differing).map((key) => names[key]).join(', ')
}

const told = ({ days, seed, startsOn }: { days: number; seed: number; startsOn: string }, reports: readonly Report[]): string =>
  `${days} days from ${startsOn}, by chance number ${seed}.\n\n${tableOf(reports)}`

function numberOf(flag: string, value: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Fault('flag-bad', `--${flag} is "${value}"; it must be a whole number from ${least} to ${most}.`)
}
