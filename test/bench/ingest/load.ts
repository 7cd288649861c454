import { once } from 'node:events'
import { v7 } from 'uuid'
import { WebSocket } from 'ws'
import type { Signal } from '#shared/domain/signal.ts'
import { defaultCredit, maxRecordsPerFrame, protocolMinor, subprotocol } from '#shared/protocol/limits.ts'

/** What one agent of the load dials with: the files of an enrolled agent. */
export interface Pass {
  url: string
  key: string
  certificate: string
  ca: string
}

export interface Load {
  signals: number
  elapsedMs: number
  /** Milliseconds from sending a frame to the acknowledgement of its last record. */
  latenciesMs: number[]
}

/**
 * Every agent sends full frames of signals for `durationMs`, as far as its credit goes, as agents do that were away; then
 * it waits for the last acknowledgement. `perSecond`: no more than so many signals of all agents together.
 */
export async function runLoad(passes: Pass[], durationMs: number, perSecond = Number.POSITIVE_INFINITY): Promise<Load> {
  const agents = await Promise.all(passes.map(openAgent))
  const startedAt = performance.now()
  const everyMs = (maxRecordsPerFrame * agents.length * 1_000) / perSecond
  const paceOf = (index: number) => ({ from: startedAt + (everyMs * index) / agents.length, everyMs, to: startedAt + durationMs })
  const latenciesMs = (await Promise.all(agents.map((agent, index) => agent.send(paceOf(index))))).flat()
  const elapsedMs = performance.now() - startedAt
  for (const agent of agents) agent.close()
  return { signals: latenciesMs.length * maxRecordsPerFrame, elapsedMs, latenciesMs }
}

async function openAgent(pass: Pass, index: number) {
  const socket = new WebSocket(`${pass.url.replace(/^https/, 'wss')}/agent`, subprotocol, {
    key: pass.key,
    cert: pass.certificate,
    ca: pass.ca,
    minVersion: 'TLSv1.3',
  })
  await once(socket, 'open')
  const epoch = v7()
  socket.send(JSON.stringify(hello(epoch, index)))
  await once(socket, 'message')
  return { send: (pace: Pace) => send(socket, epoch, pace), close: () => socket.close(1000) }
}

/** Instants of `performance.now()`, and the time between two frames. */
interface Pace {
  from: number
  everyMs: number
  to: number
}

/** Resolves when everything sent is acknowledged; one latency a frame. */
function send(socket: WebSocket, epoch: string, { from, everyMs, to }: Pace): Promise<number[]> {
  const latenciesMs: number[] = []
  const underWay: { lastSeq: number; sentAt: number }[] = []
  let seq = 0
  let credit = defaultCredit
  return new Promise((resolve, reject) => {
    const isDue = (): boolean => performance.now() >= from + (seq / maxRecordsPerFrame) * everyMs
    const mayGo = (): boolean => underWay.length === 0 || (underWay.length + 1) * maxRecordsPerFrame <= credit
    const fill = (): void => {
      while (mayGo() && performance.now() < to && isDue()) {
        socket.send(JSON.stringify(frame(epoch, seq)))
        seq += maxRecordsPerFrame
        underWay.push({ lastSeq: seq, sentAt: performance.now() })
      }
      if (underWay.length > 0 || performance.now() < to) return
      clearInterval(timer)
      resolve(latenciesMs)
    }
    const timer = setInterval(fill, 2)
    socket.on('close', (code, reason) => reject(new Error(`the collector closed the connection (${code} ${reason})`)))
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { kind: string; seq: number; credit: number; reason?: string }
      if (message.kind === 'refused') reject(new Error(`a signal was refused: ${message.reason}`))
      if (message.kind !== 'ack') return
      credit = message.credit
      while (underWay[0] && underWay[0].lastSeq <= message.seq) latenciesMs.push(performance.now() - (underWay.shift()?.sentAt ?? 0))
      fill()
    })
    fill()
  })
}

function hello(epoch: string, index: number) {
  const last = { security: 0, signals: 0, inventory: 0, samples: 0 }
  const isolation = { actual: 'open', readiness: { isReady: false, reason: 'a benchmark' }, since: Date.now() }
  const hostname = `bench-${index}`
  return { kind: 'hello', protocolMinor, agentVersion: '0.1.0', capabilities: [], hostname, now: Date.now(), epoch, last, isolation }
}

function frame(epoch: string, afterSeq: number) {
  const records = Array.from({ length: maxRecordsPerFrame }, (_, index) => {
    const seq = afterSeq + index + 1
    return { seq, body: { v: 1, type: 'signal', signal: signalOf(seq) } }
  })
  return { kind: 'records', epoch, lane: 'signals', records }
}

/** Ten disks of each machine fill up and are cleared again, over and over. */
function signalOf(seq: number): Signal {
  const about = `/srv/volume-${seq % 10}`
  return {
    id: v7(),
    kind: 'health.disk.full',
    severity: 'medium',
    state: Math.floor(seq / 10) % 2 === 0 ? 'raised' : 'cleared',
    fingerprint: `disk-full:${about}`,
    about,
    summary: `${about} is 93 % full`,
    facts: { usedRatio: 0.93, freeBytes: 4_000_000_000, totalBytes: 60_000_000_000 },
    evidence: [],
    sensedAt: Date.now(),
    detector: 'disk-full',
  }
}
