import { isSecurity, type Signal } from '#shared/domain/signal.ts'

/** What waits for a spool that refuses; a larger memory would only be another way to fall over. */
const maxSignals = 1_000
const maxBytes = 8_388_608

type SignalLane = 'security' | 'signals'
export type LaneCounts = Record<SignalLane, number>

export const laneOfSignal = ({ kind }: Signal): SignalLane => (isSecurity(kind) ? 'security' : 'signals')

/** Signals that are made and not known to be in the spool, oldest first. */
export class Unsaid {
  readonly #sizes = new Map<Signal, number>()

  constructor(signals: readonly Signal[]) {
    for (const signal of signals) this.#sizes.set(signal, sizeOf(signal))
  }

  get signals(): Signal[] {
    return [...this.#sizes.keys()]
  }

  get first(): Signal | undefined {
    return this.#sizes.keys().next().value
  }

  counts(): LaneCounts {
    const security = this.signals.filter(({ kind }) => isSecurity(kind)).length
    return { security, signals: this.#sizes.size - security }
  }

  /** @returns those that have to be given up for it: the oldest, and security last. */
  add(signal: Signal): Signal[] {
    this.#sizes.set(signal, sizeOf(signal))
    const given: Signal[] = []
    while (this.#isTooMuch()) {
      const victim = this.signals.find(({ kind }) => !isSecurity(kind)) ?? this.first
      if (!victim) break
      this.#sizes.delete(victim)
      given.push(victim)
    }
    return given
  }

  remove(signal: Signal): void {
    this.#sizes.delete(signal)
  }

  #isTooMuch(): boolean {
    return this.#sizes.size > maxSignals || [...this.#sizes.values()].reduce((sum, bytes) => sum + bytes, 0) > maxBytes
  }
}

const sizeOf = (signal: Signal): number => JSON.stringify(signal).length
