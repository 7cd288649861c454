import { randomUUIDv7 } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Signal } from '#shared/domain/signal.ts'
import type { Ingest } from '../../../server/ingest/ingest.ts'

/** How often what is due is sent. */
const tickMs = 5
/** Of ten: two open, seven join, one clears. */
const acts = ['opens', 'joins', 'joins', 'joins', 'joins', 'opens', 'joins', 'joins', 'joins', 'clears'] as const
type Act = (typeof acts)[number]

interface Trouble {
  machine: number
  about: string
}

export interface Sender {
  /** Sends `perSecond` for so long, whatever becomes of it. @param onDue told of each signal the instant at which it should be sent. */
  send(perSecond: number, durationMs: number, onDue: (signalId: string, act: Act, dueAt: number) => void): Promise<void>
}

/** Agents that report at their own pace, as a fleet does: nobody waits for an answer (open loop). */
export function createSender(ingest: Ingest, machines: readonly string[]): Sender {
  const standing: Trouble[] = []
  const sent = machines.map(() => 0)
  const epoch = randomUUIDv7()
  let count = 0
  let troubles = 0

  const next = (act: Act): { trouble: Trouble; state: 'raised' | 'cleared' } => {
    if (act === 'clears' && standing.length > 100) {
      const [trouble] = standing.splice(Math.floor(standing.length / 2), 1)
      if (trouble) return { trouble, state: 'cleared' }
    }
    // Of the newest hundred: what has just begun is what one hears of again.
    const known = act === 'joins' ? standing.at(-1 - ((count * 7) % Math.min(100, Math.max(1, standing.length)))) : undefined
    if (known) return { trouble: known, state: 'raised' }
    const opened = { machine: troubles % machines.length, about: `/srv/volume-${++troubles}` }
    standing.push(opened)
    return { trouble: opened, state: 'raised' }
  }
  const sendOne = (dueAt: number, onDue: Parameters<Sender['send']>[2]): void => {
    const act = acts[count % acts.length] ?? 'joins'
    const { trouble, state } = next(act)
    count += 1
    const signal = signalOf(trouble.about, state)
    onDue(signal.id, act, dueAt)
    const seq = (sent[trouble.machine] ?? 0) + 1
    sent[trouble.machine] = seq
    const from = { endpointId: machines[trouble.machine] ?? '', organisationId: 'acme', siteId: null, clockBehindMs: 0 }
    const taken = ingest.takeRecords(from, { epoch, lane: 'signals', records: [{ seq, body: { v: 1, type: 'signal', signal } }] })
    taken.catch((error: unknown) => console.error(error))
  }
  return {
    async send(perSecond, durationMs, onDue) {
      const startedAt = performance.now()
      const total = Math.floor((perSecond * durationMs) / 1_000)
      for (let done = 0; done < total; ) {
        const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1_000))
        for (; done < due; done += 1) sendOne(startedAt + (done * 1_000) / perSecond, onDue)
        await sleep(tickMs)
      }
    },
  }
}

const signalOf = (about: string, state: 'raised' | 'cleared'): Signal => ({
  ...{ id: randomUUIDv7(), kind: 'health.disk.full', severity: 'medium', state, fingerprint: `disk-full:${about}`, about },
  ...{ summary: `${about} is 93 % full`, facts: { usedRatio: 0.93, freeBytes: 4_000_000_000 }, evidence: [] },
  ...{ sensedAt: Date.now(), detector: 'disk-full' },
})
