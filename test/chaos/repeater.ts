import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { minutes } from '#shared/domain/time.ts'
import { maxRecordsPerFrame } from '#shared/protocol/limits.ts'
import { CollectorMessage } from '#shared/protocol/messages.ts'
import { type Credentials, dialRaw, hello, type RawAgent, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { addLines, nameOf } from './history.ts'
import type { Random } from './random.ts'

/*
 * Duplication of frames: TLS keeps anybody between from doing it, so it is the sender who does. A raw agent that sends
 * frames twice and thrice, begins long before the cursor, and repeats old frames in between; what it has said it keeps
 * in memory for good, so whatever the collector forgets by a restore comes again.
 */
export interface Repeater {
  endpointId: string
  historyFile: string
  /** Whether everything it ever said is acknowledged on the present connection. */
  isSettled(): boolean
  /** Says nothing new from now on. */
  quiet(): void
  stop(): Promise<void>
}

type SignalLane = 'security' | 'signals'
const lanes: readonly SignalLane[] = ['security', 'signals']
const epoch = 'the-repeaters-only-epoch'
/** Below the credit, so that repeating alone never breaks the rules. */
const maxUnacknowledged = 300
const sendEveryMs = 100

interface Said {
  records: unknown[]
  sent: number
  acknowledged: number
}

export function startRepeater(order: { name: string; who: Credentials; historyFile: string; rate: number; random: Random }): Repeater {
  const { name, who, historyFile, rate, random } = order
  const said: Record<SignalLane, Said> = {
    security: { records: [], sent: 0, acknowledged: 0 },
    signals: { records: [], sent: 0, acknowledged: 0 },
  }
  let isStopped = false
  let isQuiet = false
  let isWelcome = false

  const produce = (): void => {
    const lane = random.isTrue(1 / 3) ? 'security' : 'signals'
    const about = nameOf(name, lane, said[lane].records.length + 1)
    const kind = lane === 'security' ? 'security.chaos.happened' : 'chaos.happened'
    const signal = rawSignal({ kind, severity: 'info', state: 'happened', about, fingerprint: `${kind}:${about}`, summary: about })
    addLines(historyFile, [
      { what: 'attempted', about },
      { what: 'said', about },
    ])
    said[lane].records.push(signalRecord(signal))
  }

  const sendFrom = (agent: RawAgent, lane: SignalLane, fromSeq: number): number => {
    const records = said[lane].records.slice(fromSeq - 1, fromSeq - 1 + random.whole(1, maxRecordsPerFrame))
    if (records.length > 0) {
      const numbered = records.map((body, index) => ({ seq: fromSeq + index, body }))
      agent.say({ kind: 'records', epoch, lane, records: numbered })
    }
    return fromSeq + records.length - 1
  }

  const send = (agent: RawAgent): void => {
    for (const lane of lanes) {
      const state = said[lane]
      if (state.sent - state.acknowledged > maxUnacknowledged) continue
      const from = state.sent + 1
      state.sent = sendFrom(agent, lane, from)
      if (random.isTrue(0.3)) sendFrom(agent, lane, from)
      if (random.isTrue(0.3) && state.sent > 0) sendFrom(agent, lane, random.whole(1, Math.min(from, state.sent)))
    }
  }

  const session = async (): Promise<void> => {
    const dialled = await dialRaw(who)
    if (dialled.kind === 'refused') throw new Error(dialled.body.code)
    const { agent } = dialled
    agent.socket.on('message', (data: Buffer) => hear(CollectorMessage.parse(JSON.parse(String(data)))))
    agent.say(hello(epoch))
    const silence = setTimeout(() => agent.socket.terminate(), minutes(1))
    agent.socket.on('ping', () => silence.refresh())
    while (!isStopped && agent.socket.readyState === WebSocket.OPEN) {
      if (isWelcome) send(agent)
      await sleep(sendEveryMs)
    }
    clearTimeout(silence)
    agent.socket.terminate()
  }

  const hear = (message: CollectorMessage): void => {
    if (message.kind === 'welcome') {
      for (const lane of lanes) {
        const cursor = message.cursors[lane] ?? 0
        said[lane].acknowledged = cursor
        said[lane].sent = random.whole(Math.max(0, cursor - 200), cursor)
      }
      isWelcome = true
    }
    if (message.kind === 'ack' && (message.lane === 'security' || message.lane === 'signals')) {
      said[message.lane].acknowledged = Math.max(said[message.lane].acknowledged, message.seq)
    }
  }

  const run = async (): Promise<void> => {
    while (!isStopped) {
      await session().catch(() => undefined)
      isWelcome = false
      await sleep(random.whole(200, 2_000))
    }
  }
  const producing = setInterval(() => !isQuiet && produce(), 1_000 / rate)
  const running = run()
  return {
    endpointId: who.endpointId,
    historyFile,
    isSettled: () => isWelcome && lanes.every((lane) => said[lane].acknowledged >= said[lane].records.length),
    quiet: () => {
      isQuiet = true
    },
    stop: async () => {
      isStopped = true
      clearInterval(producing)
      await running
    },
  }
}
