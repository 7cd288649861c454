import { once } from 'node:events'
import { setTimeout as passed } from 'node:timers/promises'
import { type RawData, WebSocket } from 'ws'
import { subprotocol } from '#shared/protocol/limits.ts'
import type { CollectorMessage } from '#shared/protocol/messages.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { Pass } from '../bench/ingest/load.ts'
import { hello } from '../support/raw-agent.ts'
import { createMutations, type Mutations } from './mutate.ts'
import { realBodies } from './real-bodies.ts'

/*
 * One enrolled agent gone bad. Most of its frames are records whose bodies are mutated: they must be refused one by one
 * and the session goes on. Every fiftieth frame is broken as a whole: the session ends, and it dials again. It keeps to
 * the credit and to the pace that the collector allows, because what doesn't is cut off at once and proves nothing.
 */

export interface HostileCounts {
  frames: number
  records: number
  refused: number
  sessionsEnded: number
}

/** Frames of one agent a second; the collector takes 2,000 for good. */
const maxFramesPerSecond = 1_500
const maxUnacknowledged = 200
const brokenEvery = 50
/** One of so many records comes in a lane where it doesn't belong. */
const strayEvery = 20
const epoch = 'epoch-one'
const soMuch = { redialMs: 200, closeMs: 1_000, early: 5 }

export class Hostile {
  readonly counts: HostileCounts = { frames: 0, records: 0, refused: 0, sessionsEnded: 0 }
  readonly #pass: Pass
  readonly #mutations: Mutations
  readonly #real = realBodies()
  readonly #next = new Map<Lane, number>()
  readonly #acknowledged = new Map<Lane, number>()
  #socket: WebSocket | undefined
  #isChanged = Promise.withResolvers<void>()

  constructor(pass: Pass, seed: number) {
    this.#pass = pass
    this.#mutations = createMutations(seed)
  }

  /** Sends so many frames; resolves when the last one is answered or its session ended. */
  async send(frames: number): Promise<void> {
    const startedAt = performance.now()
    while (this.counts.frames < frames) {
      this.counts.frames += 1
      const socket = await this.#connected()
      if (this.counts.frames % brokenEvery === 0) await this.#sendBroken(socket)
      else await this.#sendRecords(socket)
      const earlyMs = (this.counts.frames / maxFramesPerSecond) * 1_000 - (performance.now() - startedAt)
      if (earlyMs > soMuch.early) await passed(earlyMs)
    }
    if (this.#socket) await this.#answered(this.#socket, 0)
    this.#socket?.terminate()
  }

  async #sendRecords(socket: WebSocket): Promise<void> {
    await this.#answered(socket, maxUnacknowledged)
    if (socket.readyState !== WebSocket.OPEN) return
    const [ownLane, body] = this.#any()
    const lane = this.#mutations.draw(strayEvery) === 0 ? this.#any()[0] : ownLane
    const from = this.#next.get(lane) ?? 1
    const records = Array.from({ length: this.#mutations.draw(2) + 1 }, (_, index) => ({
      seq: from + index,
      body: this.#mutations.mutated(body),
    }))
    this.#next.set(lane, from + records.length)
    this.counts.records += records.length
    socket.send(JSON.stringify({ kind: 'records', epoch, lane, records }))
  }

  async #sendBroken(socket: WebSocket): Promise<void> {
    await this.#answered(socket, 0)
    const [lane, body] = this.#any()
    const seq = this.#next.get(lane) ?? 1
    socket.send(this.#mutations.torn(JSON.stringify({ kind: 'records', epoch, lane, records: [{ seq, body }] })), { binary: false })
    const isOver = await Promise.race([once(socket, 'close').then(() => true), passed(soMuch.closeMs, false)])
    if (isOver) this.counts.sessionsEnded += 1
    else socket.terminate()
  }

  #any(): ReturnType<typeof realBodies>[number] {
    return this.#real[this.#mutations.draw(this.#real.length)] ?? ['signals', { v: 1, type: 'standing', signals: [] }]
  }

  async #connected(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket
    const { url, key, certificate: cert, ca } = this.#pass
    const socket = new WebSocket(`${url.replace(/^https/, 'wss')}/agent`, subprotocol, { key, cert, ca, minVersion: 'TLSv1.3' })
    const isClosed = new Promise<false>((resolve) => socket.on('close', () => resolve(false)))
    socket.on('error', () => undefined)
    socket.on('message', (data: RawData) => this.#hear(JSON.parse(String(data)) as CollectorMessage))
    socket.on('close', () => this.#wake())
    const isOpen = await Promise.race([once(socket, 'open').then(() => true), isClosed])
    if (isOpen) socket.send(JSON.stringify(hello(epoch)))
    const isWelcome = isOpen && (await Promise.race([once(socket, 'message').then(() => true), isClosed]))
    if (isWelcome) {
      this.#socket = socket
      return socket
    }
    await passed(soMuch.redialMs)
    return this.#connected()
  }

  #hear(message: CollectorMessage): void {
    if (message.kind === 'ack') this.#acknowledged.set(message.lane, message.seq)
    if (message.kind === 'refused') this.counts.refused += 1
    if (message.kind === 'welcome') {
      for (const lane of Lane.options) {
        this.#acknowledged.set(lane, message.cursors[lane] ?? 0)
        this.#next.set(lane, (message.cursors[lane] ?? 0) + 1)
      }
    }
    this.#wake()
  }

  #wake(): void {
    this.#isChanged.resolve()
    this.#isChanged = Promise.withResolvers()
  }

  #unacknowledged(): number {
    return [...this.#next].reduce((sum, [lane, seq]) => sum + seq - 1 - (this.#acknowledged.get(lane) ?? 0), 0)
  }

  async #answered(socket: WebSocket, butFor: number): Promise<void> {
    while (socket.readyState === WebSocket.OPEN && this.#unacknowledged() > butFor) await this.#isChanged.promise
  }
}
