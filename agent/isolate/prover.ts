import { seconds, type Time } from '#shared/domain/time.ts'
import type { CollectorAddress } from './address.ts'
import type { Baselines } from './baselines.ts'
import type { Place } from './knock.ts'
import { findWitness, hasAnswered, type Proof, prove, type Witness } from './prove.ts'

export const withinMs = seconds(10)
const againAfterMs = 100

/**
 * What a proof amounts to. `unproven`: all that was tried fits, but nobody answered before whose silence now would prove it.
 * `lost`: the collector answered before the rules and doesn't now; `silent`: it didn't before either.
 */
export type Verdict = 'proven' | 'unproven' | 'ineffective' | 'lost' | 'silent'

export interface ProverParts {
  ca: string
  time: Time
  baselines: Baselines
  findPlaces: () => Promise<Place[]>
  /** The connection to the collector stands at this moment. */
  isConnected: () => boolean
}

/** Seeks the proof of one isolation, and remembers what it may build on later. */
export class Prover {
  readonly #parts: ProverParts
  #witnesses: Witness[] = []
  #wasCollectorReached = false
  #didCollectorAnswer = false
  /** Of an isolation that was proven before this process began. */
  #wasProven = false

  constructor(parts: ProverParts) {
    this.#parts = parts
  }

  get witnesses(): readonly Witness[] {
    return this.#witnesses
  }

  /**
   * Before the drop: somebody other than the collector who answers, and whether it does. Where both are known already nobody waits.
   * What was seen of an earlier isolation is forgotten.
   */
  async prepare(addresses: readonly CollectorAddress[]): Promise<void> {
    const { baselines, findPlaces, isConnected, time } = this.#parts
    const isOther = ({ address }: Place): boolean => !addresses.some((collector) => collector.address === address)
    const warm = baselines.fresh().filter(({ place }) => isOther(place))
    this.#wasCollectorReached = false
    this.#wasProven = false
    const found = warm.length > 0 ? warm : findPlaces().then((places) => findWitness(places.filter(isOther), time))
    const answers = isConnected() || hasAnswered(addresses, time)
    this.#witnesses = [await found].flat().filter((witness) => witness !== undefined)
    this.#didCollectorAnswer = await answers
  }

  /** After a restart: what was proven once is proven, as long as what can be tried again still fits. */
  remember(wasProven: boolean): void {
    this.#wasProven = wasProven
  }

  async prove(addresses: readonly CollectorAddress[]): Promise<Proof & { verdict: Verdict }> {
    const proof = await prove({ addresses, witnesses: this.#witnesses, ca: this.#parts.ca, time: this.#parts.time })
    this.#wasCollectorReached ||= proof.isCutOff && proof.isCollectorReached
    return { ...proof, verdict: this.#verdictOf(proof) }
  }

  /** Again and again, until it is enough, the time is over, or `stop` is aborted. */
  async proveInTime(addresses: readonly CollectorAddress[], stop: AbortSignal): Promise<Proof & { verdict: Verdict }> {
    const { time } = this.#parts
    const endsAt = time.monotonic() + withinMs
    let proof = await this.prove(addresses)
    while (!isGood(proof.verdict) && time.monotonic() < endsAt && !stop.aborted) {
      await new Promise<void>((resolve) => time.after(againAfterMs, resolve))
      proof = await this.prove(addresses)
    }
    return proof
  }

  /** Once the collector was reached through these rules, its silence later says nothing against them. */
  #verdictOf({ isCutOff, isCollectorReached }: Proof): Verdict {
    if (!isCutOff) return 'ineffective'
    if (this.#wasProven) return 'proven'
    if (isCollectorReached || this.#wasCollectorReached) return this.#witnesses.length > 0 ? 'proven' : 'unproven'
    return this.#didCollectorAnswer ? 'lost' : 'silent'
  }
}

export const isGood = (verdict: Verdict): boolean => verdict === 'proven' || verdict === 'unproven'
