import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { days } from '#shared/domain/time.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { readRules } from '../../pipeline/keep.ts'
import { type Replayed, replay, type Way } from '../../rehearsal/replay.ts'
import type { Matrix } from '../../route/matrix.ts'
import { systemTime } from '../../system-time.ts'
import { withStore } from '../start/store.ts'
import { type Act, named, readMatrix } from './act.ts'

const act: Act = {
  usage: `  diff A B                            which routes differ
  diff A B --replay                   which recorded tickets would have gone elsewhere [--days 30] [--data DIR]
                                      [--database URL]; nothing is written
`,
  async run(args) {
    const { data, database } = configFlags
    const options = { data, database, replay: { type: 'boolean' }, days: { type: 'string', default: '30' } } as const
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [a = '', b = ''] = named(positionals, 'a file A', 'a file B')
    if (!/^[1-9]\d{0,3}$/.test(values.days)) throw new Fault('flag-bad', `--days is "${values.days}"; it must be a number of days.`)
    const matrices = await Promise.all([readMatrix(a), readMatrix(b)])
    if (!values.replay) return void process.stdout.write(routesThatDiffer(...matrices))
    const { replay: _, days: count, ...flags } = values
    await withStore(loadConfig(flags, process.env), async ({ reader }) => {
      const rules = matrices.map((matrix) => readRules(matrix))
      const moved = { count: 0, of: 0 }
      for await (const each of replay(reader, rules, systemTime.now() - days(Number(count)))) {
        const line = movedLine(each)
        moved.of += 1
        if (line === undefined) continue
        moved.count += 1
        process.stdout.write(line)
      }
      process.stdout.write(`${moved.count} of ${moved.of} tickets would have gone elsewhere.\n`)
    })
  },
}
export default act

/** undefined: both send it the same way. */
function movedLine({ ticket, hostname, ways: [one, other] }: Replayed): string | undefined {
  if (!one || !other || said(one) === said(other)) return undefined
  const of = hostname === null ? '' : ` on ${hostname}`
  return `#${ticket.number} ${ticket.kind}${of}: ${said(one)} → ${said(other)} (${one.rule} → ${other.rule})\n`
}

function said({ becomes, priority, team, contain, isPaging }: Way): string {
  if (becomes !== 'ticket') return becomes
  const isolates = contain.kind === 'ask' ? `, ask, then ${contain.otherwise}` : contain.kind === 'auto' ? ', isolate' : ''
  return `${priority} ${team}${isPaging ? ', page' : ''}${isolates}`
}

function routesThatDiffer({ routes: one }: Matrix, { routes: other }: Matrix): string {
  const texts = (routes: Matrix['routes']) => new Map(routes.map((route) => [route.name, JSON.stringify(route)]))
  const [before, after] = [texts(one), texts(other)]
  const lines = [
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `- ${name}`),
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => `+ ${name}`),
    ...[...after].filter(([name, text]) => before.has(name) && before.get(name) !== text).map(([name]) => `~ ${name}`),
  ]
  return lines.length === 0 ? 'The routes are the same.\n' : `${lines.join('\n')}\n`
}
