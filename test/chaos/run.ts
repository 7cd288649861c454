import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type ChaosOrder, planOf, runChaos } from './chaos.ts'
import { findFaketime } from './clock.ts'
import { allFaults, possible } from './faults.ts'
import { printOutcome } from './print.ts'

/** `npm run chaos`: exit code 0 only if nothing was lost, doubled, out of order or otherwise wrong. */
const usage = `Usage: npm run -s chaos -- [flags]

  --minutes N          of faults (1); what was promised may arrive afterwards
  --seed S             plays the same faults again (a new one is drawn and printed)
  --database KIND      sqlite (the default) or postgres
  --agents N           agents as processes of their own (3)
  --swarm N            as many more agents in one process (0)
  --rate N             signals a second of each (8)
  --every SECONDS      between two faults, on average (4)
  --longest SECONDS    of one fault (60)
  --faults A,B         only these
  --plan               prints what would happen, and does nothing

Faults:
`
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    database: { type: 'string', default: 'sqlite' },
    agents: { type: 'string', default: '3' },
    swarm: { type: 'string', default: '0' },
    rate: { type: 'string', default: '8' },
    every: { type: 'string', default: '4' },
    longest: { type: 'string', default: '60' },
    faults: { type: 'string' },
    plan: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const known = await allFaults()
if (values.help) {
  say(usage + [...known].map(([name, { says }]) => `  ${name.padEnd(20)} ${says}`).join('\n'))
  process.exit(0)
}
const database = values.database === 'postgres' ? 'postgres' : 'sqlite'
const here = { isRoot: process.getuid?.() === 0, hasFaketime: findFaketime() !== undefined, database } as const
const { faults, left } = possible(known, values.faults?.split(','), here)
for (const line of left) say(`left out: ${line}`)

const folder = mkdtempSync(join(tmpdir(), 'tierline-chaos-'))
const order: ChaosOrder = {
  ...{ folder, database, seed: Number(values.seed), forMs: minutes(Number(values.minutes)), agents: Number(values.agents) },
  swarm: Number(values.swarm),
  ...{ rate: Number(values.rate), everyMs: seconds(Number(values.every)), longestMs: seconds(Number(values.longest)) },
  ...{ settleMs: minutes(3), faults },
}
say(`seed ${order.seed}: ${values.minutes} min of faults, ${order.agents} agents, ${database}; in ${folder}`)
if (values.plan) {
  for (const { atMs, fault, target, forMs } of planOf(order)) say(`${atMs / 1_000} s  ${fault} ${target} for ${forMs / 1_000} s`)
  rmSync(folder, { recursive: true })
  process.exit(0)
}
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
const outcome = await runChaos(order, say, stopping.signal)
printOutcome(outcome, say)
if (outcome.wrongs.length === 0) rmSync(folder, { recursive: true })
else say(`\nWhat is left of it: ${folder}\nAgain: npm run -s chaos -- ${again().join(' ')}`)
process.exit(outcome.wrongs.length === 0 ? 0 : 1)

function again(): string[] {
  const { plan: _plan, help: _help, ...flags } = values
  return Object.entries(flags).map(([flag, value]) => `--${flag} ${value}`)
}
