import { seconds, type Time } from '#shared/domain/time.ts'
import type { CollectorAddress } from './address.ts'
import type { Place } from './knock.ts'
import { findWitness, type Proof, prove, type Witness } from './prove.ts'

const withinMs = seconds(10)
const againAfterMs = 100

/** Seeks the proof of one isolation, and remembers what it may build on later. */
export class Prover {
  readonly #ca: string
  readonly #time: Time
  #witness: Witness | undefined
  #wasCollectorReached = false

  constructor({ ca, time }: { ca: string; time: Time }) {
    this.#ca = ca
    this.#time = time
  }

  /** Before the drop: somebody other than the collector who answers. What was seen of an earlier isolation is forgotten. */
  async prepare(places: readonly Place[], addresses: readonly CollectorAddress[]): Promise<void> {
    const others = places.filter((place) => !addresses.some(({ address }) => address === place.address))
    this.#wasCollectorReached = false
    this.#witness = await findWitness(others, this.#time)
  }

  async prove(addresses: readonly CollectorAddress[]): Promise<Proof> {
    const proof = await prove({ addresses, witness: this.#witness, ca: this.#ca, time: this.#time })
    this.#wasCollectorReached ||= proof.isCutOff && proof.isCollectorReached
    return proof
  }

  /** Again and again, until it is enough, ten seconds have passed, or `stop` is aborted. */
  async proveInTime(addresses: readonly CollectorAddress[], stop: AbortSignal): Promise<Proof> {
    const endsAt = this.#time.monotonic() + withinMs
    let proof = await this.prove(addresses)
    while (!this.isEnough(proof) && this.#time.monotonic() < endsAt && !stop.aborted) {
      await new Promise<void>((resolve) => this.#time.after(againAfterMs, resolve))
      proof = await this.prove(addresses)
    }
    return proof
  }

  /** Once the collector was reached through these rules, its silence later says nothing against them. */
  isEnough(proof: Proof): boolean {
    return proof.isCutOff && (proof.isCollectorReached || this.#wasCollectorReached)
  }
}
