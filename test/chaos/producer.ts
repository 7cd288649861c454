import type { Lane } from '#shared/protocol/record.ts'
import type { Happening } from '../../agent/signal/signal.ts'
import { countIn, nameOf } from './history.ts'

/*
 * What happens to one machine of the chaos: bursts of things that happen, each about a name of its own, a third of them
 * security, a tenth of them the same trouble again and again (one ticket that counts them); and conditions that come
 * and go. It goes on where the process before it ended, so that no name is used twice.
 */
export type Event = Omit<Happening, 'detector'>

export interface Producer {
  /** Resolves with what stands then, once everything is said. */
  stop(): Promise<string[]>
}

interface ProducerOptions {
  agent: string
  rate: number
  /** Names that were used before. */
  done: readonly string[]
  conditions: Set<string>
  happens(event: Event): Promise<void>
}

/** What has one fingerprint on its machine, so all of it belongs on one ticket. */
export const noise = 'chaos.noise'
/** Its ticket, once resolved, gives the machine a command. */
export const decoyKind = 'security.ransomware.canary'
const conditionCount = 4
const meanBurst = 4

export function startProducing({ agent, rate, done, conditions, happens }: ProducerOptions): Producer {
  const counts: Record<'security' | 'signals', number> = { security: 0, signals: 0 }
  for (const name of done) counts[laneOf(name)] = Math.max(counts[laneOf(name)], countIn(name))
  const running = new Set<Promise<void>>()
  let isStopped = false
  let timer: NodeJS.Timeout | undefined

  const say = (): void => {
    const lane = Math.random() < 1 / 3 ? 'security' : 'signals'
    counts[lane] += 1
    const said = happens(eventAbout(nameOf(agent, lane, counts[lane]), lane))
    running.add(said)
    void said.finally(() => running.delete(said))
  }
  const burst = (): void => {
    const size = Math.random() < 0.02 ? 10 * meanBurst : 1 + Math.floor(Math.random() * (2 * meanBurst - 1))
    for (let count = 0; count < size; count += 1) say()
    if (Math.random() < 0.2) toggle(conditions, `condition-${Math.floor(Math.random() * conditionCount)}`)
    if (!isStopped) timer = setTimeout(burst, (Math.random() * 2 * 1_000 * meanBurst) / rate)
  }
  burst()
  return {
    stop: async () => {
      isStopped = true
      clearTimeout(timer)
      await Promise.all(running)
      return [...conditions].sort()
    },
  }
}

function eventAbout(about: string, lane: 'security' | 'signals'): Event {
  const summary = `${about} happened`
  const facts = { filling: 'x'.repeat(Math.floor(Math.random() * 400)) }
  // Every second kind of detector names its occurrences; both ways of making an id are tried.
  const named = Math.random() < 0.5 ? { occurrence: { name: about, at: 1_700_000_000_000 } } : {}
  if (lane === 'security' && Math.random() < 0.03)
    return { kind: decoyKind, severity: 'critical', about, summary, facts: { change: 'edited' }, fingerprint: decoyKind }
  if (lane === 'security') return { kind: 'security.chaos.happened', severity: 'info', about, summary, facts, ...named }
  if (Math.random() < 0.1) return { kind: noise, severity: 'medium', about, summary, facts, fingerprint: noise, ...named }
  return { kind: 'chaos.happened', severity: 'info', about, summary, facts, ...named }
}

const laneOf = (name: string): 'security' | 'signals' => (name.split('/')[1] === ('security' satisfies Lane) ? 'security' : 'signals')

function toggle(conditions: Set<string>, about: string): void {
  if (!conditions.delete(about)) conditions.add(about)
}
