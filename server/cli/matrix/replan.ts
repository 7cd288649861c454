import { parseArgs } from 'node:util'
import { configFlags, loadConfig } from '../../config.ts'
import { openMatrices } from '../../desk/matrices.ts'
import { askForReplan, foreseeReplan } from '../../desk/replan.ts'
import { timeZoneOf } from '../../escalate/promise.ts'
import type { TicketCase } from '../../pipeline/changes.ts'
import { systemTime } from '../../system-time.ts'
import { withStore } from '../start/store.ts'
import type { Act } from './act.ts'
import { wallOf } from './play.ts'

const act: Act = {
  usage: `  replan                              which open tickets would take over the plan in force, and what becomes of their
                                      promises and boxes; nothing is written [--data DIR] [--database URL]
  replan --yes                        lets them: the collector does it within a minute, or when it starts
`,
  async run(args) {
    const { data, database } = configFlags
    const options = { data, database, yes: { type: 'boolean', default: false } } as const
    const { yes: isMeant, ...flags } = parseArgs({ args, options }).values
    await withStore(loadConfig(flags, process.env), async (store) => {
      const { rules } = await openMatrices({ store, time: systemTime })
      const now = systemTime.now()
      let count = 0
      for await (const { before, after } of foreseeReplan(store.reader, rules, now)) {
        count += 1
        process.stdout.write(lineOf(before, after))
      }
      if (isMeant && count > 0) await askForReplan(store, now)
      process.stdout.write(`${closing(count, rules.matrix.version, isMeant)}\n`)
    })
  },
}
export default act

function lineOf({ ticket, timers }: TicketCase, { ticket: planned, timers: plannedTimers, subject }: TicketCase): string {
  const zone = timeZoneOf(subject)
  const at = (instant: number | null): string => (instant === null ? 'none' : wallOf(instant, zone).slice(0, 16))
  const moved = (what: string, from: number | null, to: number | null): string[] => (from === to ? [] : [`${what} ${at(from)} → ${at(to)}`])
  const boxIn = (all: TicketCase['timers']): number | null => all.find(({ kind }) => kind === 'time-box')?.dueAt ?? null
  const changes = [
    ...(ticket.responded_at === null ? moved('answer by', ticket.respond_by, planned.respond_by) : []),
    ...moved('end by', ticket.resolve_by, planned.resolve_by),
    ...moved('box until', boxIn(timers) ?? ticket.box_by, boxIn(plannedTimers) ?? planned.box_by),
  ]
  const said = changes.length === 0 ? 'the same promises' : changes.join(', ')
  return `#${ticket.number} ${ticket.priority} ${ticket.team}, version ${ticket.plan_version} → ${planned.plan_version}: ${said}\n`
}

function closing(count: number, version: number, isMeant: boolean): string {
  if (count === 0) return `Every open ticket has the plan of version ${version}.`
  const tickets = count === 1 ? '1 open ticket' : `${count} open tickets`
  if (isMeant) return `${tickets} will have the plan of version ${version} within a minute of a running collector.`
  return `${tickets} would take over the plan of version ${version}. Nothing was written; --yes lets them.`
}
