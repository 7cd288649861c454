import { pino } from 'pino'
import { seconds } from '#shared/domain/time.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { Spool } from '../../agent/spool/spool.ts'
import { leaveWithinMs, type SwarmAgent, startSwarmAgent } from './agent.ts'
import type { Pass } from './passes.ts'
import { seeded } from './readings.ts'

/*
 * Thousands of agents in one process. Each is the product's own wire and spool with a machine that is made up; what they
 * say is spread evenly over time by one drum for all, so that they need no timers of their own.
 */
export interface SwarmOptions {
  collector: string
  ca: string
  passes: readonly Pass[]
  /** Between the first agent's dial and the last one's. */
  rampMs: number
  /** How often an agent takes a sample; 0: never. */
  sampleEveryMs: number
  samplesPerRecord: number
  /** Of all agents together. */
  signalsPerSecond: number
  seed: number
  /** One for each agent, by its place. */
  openSpool(index: number): Promise<Spool>
}

export interface Swarm {
  size: number
  connected(): number
  /** Welcomes since the start: how often agents came in. */
  welcomes(): number
  /** Of records, sent since the start. */
  frames(): number
  /** Records that are spooled and not acknowledged. */
  unacknowledged(): number
  /** Resolves with true once at least `count` are connected, with false after `withinMs`. */
  untilConnected(count: number, withinMs: number): Promise<boolean>
  /** No more samples and signals; agents stay connected. */
  quiet(): void
  /** All say goodbye, then close. */
  stop(): Promise<void>
}

const beatMs = 50
const lookMs = 100

export async function startSwarm(options: SwarmOptions): Promise<Swarm> {
  const { passes, rampMs, openSpool } = options
  const random = seeded(options.seed)
  const log = pino({ level: 'silent' })
  const agents: (SwarmAgent & { spool: Spool })[] = []
  const counts = { welcomes: 0, frames: 0 }
  const add = async (pass: Pass, index: number) => {
    const spool = await openSpool(index)
    const noteSent = spool.noteSent.bind(spool)
    spool.noteSent = (lane, seq) => {
      counts.frames += 1
      noteSent(lane, seq)
    }
    const onConnected = () => {
      counts.welcomes += 1
    }
    agents.push({ ...startSwarmAgent({ ...options, pass, spool, log, random, onConnected }), spool })
  }

  const stopped = new AbortController()
  let trouble: unknown
  const dialling = dialAll(passes, rampMs, add, stopped.signal).catch((error: unknown) => {
    trouble = error
  })
  const drums = startDrums(options, agents, random)
  const connected = () => agents.reduce((sum, { wire }) => sum + (wire.isConnected() ? 1 : 0), 0)
  return {
    size: passes.length,
    connected,
    welcomes: () => counts.welcomes,
    frames: () => counts.frames,
    unacknowledged: () => agents.reduce((sum, { spool }) => sum + unacknowledgedIn(spool), 0),
    untilConnected: (count, withinMs) =>
      until(() => {
        if (trouble) throw trouble
        return connected() >= count
      }, withinMs),
    quiet: drums,
    stop: async () => {
      drums()
      stopped.abort()
      await dialling
      await Promise.race([Promise.all(agents.map(({ wire }) => wire.stop('stop'))), pause(leaveWithinMs)])
      await Promise.all(agents.map(({ spool }) => spool.close()))
    },
  }
}

async function dialAll(
  passes: readonly Pass[],
  rampMs: number,
  add: (pass: Pass, index: number) => Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  for (const [index, pass] of passes.entries()) {
    const waitMs = startedAt + (rampMs * index) / passes.length - performance.now()
    if (waitMs > 1) await pause(waitMs)
    if (stop.aborted) return
    await add(pass, index)
  }
}

/** @returns their stop. */
function startDrums(
  { passes, sampleEveryMs, samplesPerRecord, signalsPerSecond }: SwarmOptions,
  agents: SwarmAgent[],
  random: () => number,
) {
  const recordEveryMs = sampleEveryMs * samplesPerRecord
  const recordsPerMs = recordEveryMs > 0 ? passes.length / recordEveryMs : 0
  const stops = [
    // A full spool refuses; that is its agent's trouble and shows in what is unacknowledged.
    drum(recordsPerMs, (beat) => agents[beat % passes.length]?.sample(Date.now(), samplesPerRecord, sampleEveryMs)),
    drum(signalsPerSecond / seconds(1), () => agents[Math.floor(random() * agents.length)]?.signal(Date.now())),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

/** Calls `strike` as many times as are due, with the number of the beat. */
function drum(perMs: number, strike: (beat: number) => Promise<number> | undefined): () => void {
  const startedAt = performance.now()
  let beats = 0
  const timer = setInterval(() => {
    for (const due = (performance.now() - startedAt) * perMs; beats < due; beats += 1) strike(beats)?.catch(() => undefined)
  }, beatMs)
  return () => clearInterval(timer)
}

const unacknowledgedIn = (spool: Spool): number =>
  Lane.options.reduce((sum, lane) => sum + spool.last(lane) - Math.max(spool.acknowledged(lane), spool.firstKept(lane) - 1), 0)

async function until(isSo: () => boolean, withinMs: number): Promise<boolean> {
  const endAt = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > endAt) return false
    await pause(lookMs)
  }
  return true
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
