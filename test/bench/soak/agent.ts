import { hours, seconds } from '#shared/domain/time.ts'
import { startTestAgent, toldDetector } from '../../support/agent.ts'
import { pause } from '../../swarm/swarm.ts'

/*
 * A process of its own: the whole agent of the folder in argv[2], whose collector is away. So many signals (argv[3])
 * happen to it: as fast as its disk takes them, or, when argv[4] says over how many milliseconds, at that pace. Every
 * `reportEvery` it prints as a JSON line what it holds; its parent looks at the rest from outside.
 */
export interface Progress {
  said: number
  heapMiB: number
}

const [dataDir = '', total = '0', overMs = '0', spoolMaxBytes = '0'] = process.argv.slice(2)
const signals = Number(total)
const reportEvery = 5_000
const saidAtOnce = 100
const told = toldDetector()
const agent = await startTestAgent({
  ...{ dataDir, detectors: [told.detector] },
  config: { spoolMaxBytes: Number(spoolMaxBytes) },
})
const startedAt = Date.now()
const firstAt = startedAt - hours(1)

for (let said = 0; said < signals; ) {
  await Promise.all(Array.from({ length: saidAtOnce }, (_, index) => say(said + index)))
  said += saidAtOnce
  if (said % reportEvery === 0) await tell(said)
  const aheadMs = startedAt + (Number(overMs) * said) / signals - Date.now()
  if (aheadMs > 0) await pause(aheadMs)
}
await pause(seconds(2))
await tell(signals)
await agent.stop('stop')
process.exit(0)

/** One in ten is about security; each has what a detector would tell, and the stamp of the hour it stands for. */
function say(number: number): Promise<void> {
  const kind = number % 10 === 0 ? 'security.logon.bruteforce' : 'health.service.down'
  const about = `unit-${number % 50}.service`
  const evidence = [{ name: 'log', text: `${number}: the unit failed with result exit-code; see its journal for what it said`.repeat(3) }]
  const sensedAt = firstAt + (number * hours(1)) / signals
  return told.say({ kind, severity: 'medium', about, summary: `${about} failed`, facts: { number, exitCode: 1 }, evidence, sensedAt })
}

/** Twice, because what one collection finalises the next one frees. */
async function tell(said: number): Promise<void> {
  for (const _ of [1, 2]) {
    globalThis.gc?.()
    await pause(0)
  }
  const progress: Progress = { said, heapMiB: process.memoryUsage().heapUsed / 1_048_576 }
  process.stdout.write(`${JSON.stringify(progress)}\n`)
}
