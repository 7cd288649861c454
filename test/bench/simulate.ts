import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { crewsOf, LoadDocument, loadOf } from '../../server/cli/matrix/load.ts'
import { readYaml } from '../../server/cli/matrix/read-yaml.ts'
import { shippedLoad } from '../../server/cli/matrix/simulate.ts'
import { summed } from '../../server/figures/figures.ts'
import { readRules } from '../../server/pipeline/keep.ts'
import { runSimulation } from '../../server/rehearsal/simulation.ts'
import { createAgenda } from '../../server/simulate/agenda.ts'
import type { Load } from '../../server/simulate/load.ts'
import { exponential, seeded } from '../../server/simulate/random.ts'
import { defaultMatrix } from '../support/desk-room.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'

const goalSeconds = 10
/** The month that ships has so many tickets at weight 1; each run is as many months at once. */
const sizes = { whole: { tickets: 100_000, rounds: 3 }, quick: { tickets: 10_000, rounds: 1 } }
const ticketsOfMonth = 2_430

export default {
  says: 'processor seconds in which 100,000 tickets are played over memory, with their figures; against a queue of as many that decides nothing',
  run: async ({ isQuick }) => measure(isQuick ? sizes.quick : sizes.whole),
} satisfies Benchmark

async function measure({ tickets, rounds }: typeof sizes.whole): Promise<Figures> {
  const rules = readRules(await defaultMatrix())
  const read = readYaml(await readFile(shippedLoad, 'utf8'), LoadDocument)
  if (read.kind === 'bad') throw new Error(JSON.stringify(read.problems))
  const months = tickets / ticketsOfMonth
  const crews = (crewsOf(read.value, 'tiers') ?? []).map((crew) => ({ ...crew, people: Math.round(crew.people * months) }))
  const load = loadOf(read.value)
  const grown = { ...load, arrivals: { ...load.arrivals, perDay: load.arrivals.perDay * months }, fleet: fleetOf(load, months) }
  const played: Spent[] = []
  const bare: Spent[] = []
  let opened = 0
  for (let round = 0; round < rounds; round += 1) {
    played.push(
      spentOn(() => {
        opened = summed(runSimulation({ rules, load: grown, crews, seed: round + 1, days: 30 }).facts).opened
      }),
    )
    bare.push(spentOn(() => playBare(opened)))
    await sleep(0)
  }
  const [figure, yardstick] = [played, bare].map((all) => middle(all.map(({ cpu }) => cpu))) as [number, number]
  const wallSeconds = rounded(middle(played.map(({ wall }) => wall)))
  const microseconds = rounded((figure * 1_000_000) / opened, 1)
  console.log(
    `${opened} tickets in ${wallSeconds} s, ${rounded(figure)} of processor time, ${microseconds} µs each (goal: 100,000 in ${goalSeconds} s); bare queue ${rounded(yardstick, 3)} s`,
  )
  const ratio = rounded(figure / yardstick, 1)
  const about = { figure: rounded(figure), unit: 'CPU-s', yardstick: rounded(yardstick, 3), ratio, wallSeconds, goalSeconds }
  return { ...about, tickets: opened, microseconds }
}

/** As many machines as tickets: on fewer they would be storms and loud machines, which are few tickets. */
const fleetOf = ({ fleet }: Load, months: number): Load['fleet'] => ({
  ...{ ...fleet, organisations: Math.round(fleet.organisations * months), workstations: Math.round(fleet.workstations * months) },
  ...{ servers: Math.round(fleet.servers * months), core: Math.round(fleet.core * months) },
})

/** As many come, are taken by one of as many as it takes, and are done: the clock and chance, and nothing else. */
function playBare(count: number): void {
  const agenda = createAgenda(0)
  const random = seeded(1)
  let left = count
  let done = 0
  const come = (): void => {
    if (left === 0) return
    left -= 1
    agenda.plan(agenda.now + exponential(random, 10), come)
    agenda.plan(agenda.now + exponential(random, 100), () => {
      done += 1
    })
  }
  come()
  agenda.playUntil(Number.MAX_SAFE_INTEGER, () => undefined)
  if (done !== count) throw new Error(`${done} of ${count} were done`)
}

/** Seconds. Playing waits for nothing, so by a clock it takes no longer than of processor time, but where others want it too. */
interface Spent {
  cpu: number
  wall: number
}

function spentOn(work: () => void): Spent {
  const [before, startedAt] = [process.cpuUsage(), performance.now()]
  work()
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / 1_000_000, wall: (performance.now() - startedAt) / 1_000 }
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
