import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadRules } from '../../server/cli/sigma/load.ts'
import { normalise } from '../../shared/sigma/normalise.ts'
import { type RuleSet, readRules } from '../../shared/sigma/read-rules.ts'
import { createSigmaEngine } from '../../shared/sigma/sigma.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { madeEvents, madeRules } from './sigma/made.ts'

const sizes = { whole: { rounds: 7, events: 40_000 }, quick: { rounds: 3, events: 8_000 } }
const outside = join(import.meta.dirname, '../../../shared/data/sigma-rules')

export default {
  says: 'events a second, parsed and judged by 200 and by 3,000 Sigma rules, against JSON.parse of the same text',
  run: async ({ isQuick }) => measure(isQuick ? sizes.quick : sizes.whole),
} satisfies Benchmark

async function measure({ rounds, events }: typeof sizes.whole): Promise<Figures> {
  const lines = madeEvents(events)
  const with200Rules = judge(made(200))
  const before = heapBytes()
  const with3000Rules = judge(made(3_000))
  const heapMiB = rounded((heapBytes() - before) / 1_024 / 1_024, 1)
  const works = { parsing: parser(), with200: with200Rules, with3000: with3000Rules, ...(await withOutside()) }
  const speeds = await turns(rounds, works, lines)
  const [yardstick, with200, figure] = [speeds.parsing ?? Number.NaN, speeds.with200 ?? Number.NaN, speeds.with3000 ?? Number.NaN]
  console.log(`${yardstick} events/s parsed only, ${with200} with 200 rules, ${figure} with 3,000 (in ${heapMiB} MiB of heap)`)
  if (speeds.outside !== undefined) console.log(`${speeds.outside} events/s with the rules of ../shared/data`)
  return {
    ...{ figure, unit: 'events per CPU-second with 3,000 rules, parsing included', yardstick, ratio: rounded(figure / yardstick) },
    ...{ with200, ratioOf200: rounded(with200 / yardstick), slowerBy3000: rounded(with200 / figure), outside: speeds.outside, heapMiB },
  }
}

function made(count: number): RuleSet {
  const set = readRules(
    madeRules(count).map((text, index) => ({ path: `made-${index}.yml`, text })),
    (text) => JSON.parse(text) as unknown,
  )
  if (set.rules.length !== count) throw new Error(JSON.stringify(set.refused[0]))
  return set
}

/** In turns, so that whatever else the machine does meets all of them. */
async function turns(rounds: number, works: Readonly<Record<string, Work>>, lines: readonly string[]): Promise<Record<string, number>> {
  const speeds: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) speeds[name] = [...(speeds[name] ?? []), perSecond(lines, work)]
    await sleep(0)
  }
  return Object.fromEntries(Object.entries(speeds).map(([name, all]) => [name, middle(all)]))
}

/** Of what is still in use. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

type Work = (line: string) => number

function judge(set: RuleSet): Work {
  const engine = createSigmaEngine(set)
  return (line) => 1 + engine.judge(normalise(JSON.parse(line)), 0).length
}

const parser = (): Work => (line) => (JSON.parse(line) as { Channel: string }).Channel.length

async function withOutside(): Promise<Record<string, Work>> {
  return existsSync(outside) ? { outside: judge(await loadRules(outside, {})) } : {}
}

/** Of processor time: judging waits for nothing. */
function perSecond(lines: readonly string[], work: Work): number {
  const before = process.cpuUsage()
  let done = 0
  for (const line of lines) done += work(line)
  if (done < lines.length) throw new Error('nothing was done')
  const { user, system } = process.cpuUsage(before)
  return Math.round((lines.length / (user + system)) * 1_000_000)
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
