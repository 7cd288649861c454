import { parseArgs } from 'node:util'
import { Fault } from '#shared/domain/fault.ts'
import { configFlags, loadConfig } from '../../config.ts'
import { readHistory } from '../../rehearsal/history.ts'
import { playAgain } from '../../rehearsal/play-again.ts'
import { withStore } from '../start/store.ts'
import type { Act } from './act.ts'

/** Whoever wants more of a ticket looks at the ticket. */
const maxShown = 3
const maxLine = 300

const act: Act = {
  usage: `  replay                              plays what a collector recorded once more, by the matrices of then, and shows each
                                      decision that comes out otherwise [--data DIR] [--database URL]; nothing is written
`,
  async run(args) {
    const { data, database } = configFlags
    const { values } = parseArgs({ args, options: { data, database } })
    const { differing, tickets, decisions } = await withStore(loadConfig(values, process.env), async ({ reader }) =>
      playAgain(await readHistory(reader)),
    )
    for (const { told, differences } of differing) {
      process.stdout.write(`#${told.ticket.number} ${told.ticket.kind}: ${differences.length} differ\n`)
      for (const { what, was, is } of differences.slice(0, maxShown))
        process.stdout.write(`  ${what}\n    was ${shown(was)}\n    is  ${shown(is)}\n`)
    }
    if (differing.length > 0) throw new Fault('replay-differs', `${differing.length} of ${tickets} tickets came out differently.`)
    process.stdout.write(`${decisions} decisions on ${tickets} tickets came out as they were made.\n`)
  },
}
export default act

/** It may hold text of strangers: no control character reaches a terminal. */
const shown = (line: string | undefined): string => (line === undefined ? '–' : line.replaceAll(/\p{Cc}/gu, ' ').slice(0, maxLine))
