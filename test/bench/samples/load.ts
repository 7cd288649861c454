import { once } from 'node:events'
import { v7 } from 'uuid'
import { type RawData, WebSocket } from 'ws'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import { protocolMinor, subprotocol } from '#shared/protocol/limits.ts'
import { sampleAt, seeded } from '../../swarm/readings.ts'

/** What one agent of the load dials with. */
export interface Pass {
  url: string
  key: string
  certificate: string
  ca: string
}

export const samplesPerFrame = 6
const sampleEveryMs = seconds(10)
const framesUnderWay = 2

/** Agents that send a frame of six samples, and the next once it is acknowledged: each frame one minute of a machine's life. */
export interface Load {
  /** Sends until `frames` more of each agent are acknowledged. @returns milliseconds from frame to acknowledgement. */
  send(frames: number): Promise<number[]>
  close(): void
}

/** `from`: when the life that they tell of begins. */
export async function openLoad(passes: readonly Pass[], from: number): Promise<Load> {
  const agents = await Promise.all(passes.map((pass, index) => openAgent(pass, index, from)))
  return {
    send: async (frames) => (await Promise.all(agents.map((agent) => agent.send(frames)))).flat(),
    close: () => {
      for (const agent of agents) agent.close()
    },
  }
}

async function openAgent(pass: Pass, index: number, from: number) {
  const socket = new WebSocket(`${pass.url.replace(/^https/, 'wss')}/agent`, subprotocol, {
    ...{ key: pass.key, cert: pass.certificate, ca: pass.ca, minVersion: 'TLSv1.3', perMessageDeflate: false },
  })
  await once(socket, 'open')
  const epoch = v7()
  socket.send(JSON.stringify(hello(epoch, index)))
  await once(socket, 'message')
  const random = seeded(index)
  let seq = 0
  const nextFrame = () => {
    const at = from + seq * minutes(1)
    seq += 1
    const samples = Array.from({ length: samplesPerFrame }, (_, nth) => sampleAt(at + nth * sampleEveryMs, random))
    const body = { v: 1, type: 'sample-columns', samples: columnsOf(samples)[0] }
    return { seq, text: JSON.stringify({ kind: 'records', epoch, lane: 'samples', records: [{ seq, body }] }) }
  }
  return {
    send: (frames: number) => sendFrames(socket, frames, nextFrame),
    close: () => socket.close(1000),
  }
}

function sendFrames(socket: WebSocket, frames: number, nextFrame: () => { seq: number; text: string }): Promise<number[]> {
  const latenciesMs: number[] = []
  const underWay: { seq: number; sentAt: number }[] = []
  let left = frames
  return new Promise((resolve, reject) => {
    const end = (code: number, reason: Buffer): void => reject(new Error(`the collector closed the connection (${code} ${reason})`))
    const fill = (): void => {
      for (; left > 0 && underWay.length < framesUnderWay; left -= 1) {
        const { seq, text } = nextFrame()
        socket.send(text)
        underWay.push({ seq, sentAt: performance.now() })
      }
    }
    const hear = (data: RawData): void => {
      const message = JSON.parse(String(data)) as { kind: string; seq: number; reason?: string }
      if (message.kind === 'refused') reject(new Error(`a record was refused: ${message.reason}`))
      if (message.kind !== 'ack') return
      while (underWay[0] && underWay[0].seq <= message.seq) latenciesMs.push(performance.now() - (underWay.shift()?.sentAt ?? 0))
      fill()
      if (latenciesMs.length < frames) return
      socket.off('message', hear).off('close', end)
      resolve(latenciesMs)
    }
    socket.on('message', hear).on('close', end)
    fill()
  })
}

function hello(epoch: string, index: number) {
  const last = { security: 0, signals: 0, inventory: 0, samples: 0 }
  const isolation = { actual: 'open', readiness: { isReady: false, reason: 'a benchmark' }, since: Date.now() }
  const about = { protocolMinor, agentVersion: '0.1.0', capabilities: [], hostname: `bench-${index}`, now: Date.now() }
  return { kind: 'hello', ...about, epoch, last, isolation }
}
