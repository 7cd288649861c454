import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { startAgent } from '../../agent/app.ts'
import { loadConfig } from '../../agent/config.ts'
import { takeLock } from '../../agent/lock.ts'
import { defineDetector, type Say } from '../../agent/sense/define-detector.ts'
import { systemTime } from '../../agent/system-time.ts'
import { FakeMachine } from '../support/fake-machine.ts'
import { isOurName, keptLine, openHistory, placeOf, placesIn, readHistory } from './history.ts'
import { type Producer, startProducing } from './producer.ts'
import { followSpool } from './spool-files.ts'

/*
 * Run as a process of its own: a real agent (the enrolled one of its data folder; real spool, wire, signals, journal) on
 * a machine to which things happen without end, and a history of what it promised. Reads lines from stdin: `quiet` ends
 * what happens and nothing else. Ends when stdin does, or by the SIGKILL it is made for.
 */
export interface AgentOrder {
  name: string
  dataDir: string
  /** Outside the data folder: a disk that is full or set back doesn't change what was promised. */
  historyFile: string
  /** Signals a second, over minutes. */
  rate: number
}

const order = JSON.parse(process.argv[2] ?? '') as AgentOrder
const before = readHistory(order.historyFile)
const history = openHistory(order.historyFile)
const kept = followSpool(join(order.dataDir, 'spool'))
const known = placesIn(before)
const noteKept = (): void =>
  history.write(
    ...kept()
      .filter((record) => !known.has(placeOf(record)))
      .map(keptLine),
  )

/** Which of ours is being said: the refusal of a spool is logged from within. */
const saying = new AsyncLocalStorage<string>()
const log = pino({ level: 'info', base: { agent: order.name } }, { write: take })

function take(text: string): void {
  const line = JSON.parse(text) as { msg?: string }
  const about = saying.getStore()
  if (about !== undefined && line.msg?.startsWith('the spool refused a signal')) history.write({ what: 'held', about })
  process.stderr.write(text)
}

/** True now, by fingerprint; changes while something happens. */
const conditions = new Set<string>()
const happenings = defineDetector({
  name: 'chaos-happenings',
  platforms: ['linux', 'macos', 'windows'],
  async watch(_probe, say) {
    resolveSay(say)
    return {
      stop: async () => undefined,
      rearm: async () => {
        history.write({ what: 'ran' })
        return 1
      },
    }
  },
})
const looks = defineDetector({
  name: 'chaos-conditions',
  every: 1_000,
  platforms: ['linux', 'macos', 'windows'],
  async sense() {
    setTimeout(noteKept, 100)
    return [...conditions].map((about) => ({ kind: 'chaos.condition', severity: 'medium' as const, about, summary: `${about} is so` }))
  },
})

const { promise: sayer, resolve: resolveSay } = Promise.withResolvers<Say>()
const lock = await takeLock(order.dataDir)
if (!lock) throw new Error(`another agent runs with ${order.dataDir}`)
noteKept()
const config = { ...loadConfig({ data: order.dataDir }, {}), isolation: { isAllowed: false, reason: 'off (chaos)' } }
const agent = await startAgent(config, { time: systemTime, log, probe: new FakeMachine(), detectors: [happenings, looks] })
const say = await sayer

const producer: Producer = startProducing({
  agent: order.name,
  rate: order.rate,
  done: before.flatMap((line) => (line.what === 'attempted' && isOurName(line.about) ? [line.about] : [])),
  conditions,
  async happens(event) {
    history.write({ what: 'attempted', about: event.about })
    await saying.run(event.about, () => say(event))
    noteKept()
    history.write({ what: 'said', about: event.about })
  },
})

createInterface({ input: process.stdin })
  .on('line', () => void producer.stop().then((standing) => history.write({ what: 'quiet', standing })))
  .on('close', async () => {
    await producer.stop()
    await agent.stop('stop')
    process.exit(0)
  })
