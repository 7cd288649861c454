import { once } from 'node:events'
import { setTimeout as passed } from 'node:timers/promises'
import { type RawData, WebSocket } from 'ws'
import { subprotocol } from '#shared/protocol/limits.ts'
import type { CollectorMessage } from '#shared/protocol/messages.ts'
import type { Pass } from '../bench/ingest/load.ts'
import { hello, rawSignal, signalRecord } from '../support/raw-agent.ts'

/** An honest agent beside the hostile ones: says one signal after the other and measures how long each takes to be acknowledged. */
export interface Neighbour {
  /** Milliseconds of every signal said within this time; rejects when one isn't acknowledged within 30 s or the session ends. */
  latencies(stop: AbortSignal): Promise<number[]>
  leave(): void
}

const everyMs = 20
const giveUpMs = 30_000

export async function openNeighbour({ url, key, certificate: cert, ca }: Pass): Promise<Neighbour> {
  const socket = new WebSocket(`${url.replace(/^https/, 'wss')}/agent`, subprotocol, { key, cert, ca, minVersion: 'TLSv1.3' })
  await once(socket, 'open')
  socket.send(JSON.stringify(hello('epoch-one')))
  await once(socket, 'message')
  let seq = 0
  let acknowledged = Promise.withResolvers<void>()
  socket.on('message', (data: RawData) => {
    const message = JSON.parse(String(data)) as CollectorMessage
    if (message.kind === 'ack' && message.seq === seq) acknowledged.resolve()
  })
  socket.on('close', (code) => acknowledged.reject(new Error(`a neighbour's session was ended with ${code}`)))
  acknowledged.promise.catch(() => undefined)

  const say = async (): Promise<number> => {
    seq += 1
    acknowledged = Promise.withResolvers()
    const late = passed(giveUpMs, undefined, { ref: false }).then(() => Promise.reject(new Error('a neighbour waited 30 s')))
    const body = signalRecord(rawSignal({ fingerprint: `neighbour-${seq % 10}`, state: seq % 20 < 10 ? 'raised' : 'cleared' }))
    const sentAt = performance.now()
    socket.send(JSON.stringify({ kind: 'records', epoch: 'epoch-one', lane: 'signals', records: [{ seq, body }] }))
    await Promise.race([acknowledged.promise, late])
    return performance.now() - sentAt
  }
  return {
    latencies: async (stop) => {
      const found: number[] = []
      while (!stop.aborted) {
        found.push(await say())
        await passed(everyMs)
      }
      return found
    },
    leave: () => socket.terminate(),
  }
}
