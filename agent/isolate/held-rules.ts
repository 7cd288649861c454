import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { CollectorAddress } from './address.ts'
import type { Firewall } from './firewalls/firewall.ts'
import type { SavedRules } from './saved-rules.ts'

/** `unknown`: this process has put none, or could not read them back. `outgrown`: the machine has other devices now. */
export type Found = 'as left' | 'changed' | 'gone' | 'unknown' | 'outgrown'

export interface HeldRulesParts {
  firewall: Firewall
  saved: SavedRules
  log: Logger
}

/** Our rules in the system's firewall, twice there and once on disk, and whether they still stand as we left them. */
export class HeldRules {
  readonly #firewall: Firewall
  readonly #saved: SavedRules
  readonly #log: Logger
  /** As the system listed them when we had put them there. */
  #left: Promise<string | undefined> = Promise.resolve(undefined)
  /** The second copy is on its way; one at a time. */
  #holding: Promise<void> = Promise.resolve()

  constructor({ firewall, saved, log }: HeldRulesParts) {
    this.#firewall = firewall
    this.#saved = saved
    this.#log = log
  }

  /** Resolves once they stand; `secure` shall follow. */
  async put(addresses: readonly CollectorAddress[]): Promise<void> {
    this.#left = Promise.resolve(undefined)
    await this.#firewall.apply(addresses)
  }

  /** What makes them last: six child processes, for which an attack and its proof don't wait. */
  secure(addresses: readonly CollectorAddress[]): void {
    this.hold(addresses)
    this.#left = this.#firewall.snapshot().catch(() => undefined)
    this.#holding = this.#holding.then(() => this.#save(addresses))
  }

  /** The second copy, where it isn't there yet. */
  hold(addresses: readonly CollectorAddress[]): void {
    this.#holding = this.#holding.then(() => this.#firewall.hold(addresses)).catch((error: unknown) => this.#complain(error))
  }

  /** For the end of this process: the first copy stays. */
  async letGo(): Promise<void> {
    await this.#holding
    await this.#firewall.letGo()
  }

  /** What was put, for whoever asks later what cut this machine off; undefined where that can't be said. */
  text(addresses: readonly CollectorAddress[]): string | undefined {
    try {
      return Object.values(this.#firewall.saved(addresses)).join('')
    } catch (error) {
      this.#complain(error)
      return undefined
    }
  }

  isHeld(): boolean {
    return this.#firewall.isHeld()
  }

  async takeAway(): Promise<void> {
    this.#left = Promise.resolve(undefined)
    await this.#holding
    await this.#firewall.remove()
    this.#saved.forget()
  }

  async areThere(): Promise<boolean> {
    return (await this.#firewall.snapshot()) !== undefined
  }

  async look(): Promise<Found> {
    const left = await this.#left
    const found = await this.#firewall.snapshot()
    if (left === undefined) return 'unknown'
    if (found === undefined) return 'gone'
    if (found === left) return this.#firewall.isOutgrown() ? 'outgrown' : 'as left'
    // Some kernels take a device that went from our rules by themselves.
    return this.#firewall.isOutgrown() ? 'outgrown' : 'changed'
  }

  watch(touched: () => void): () => void {
    return this.#firewall.watch(touched)
  }

  #save(addresses: readonly CollectorAddress[]): void {
    try {
      this.#saved.keep(this.#firewall.saved(addresses))
    } catch (error) {
      this.#complain(error)
    }
  }

  #complain(error: unknown): void {
    this.#log.error({ reason: sentenceOf(error) }, 'the isolation rules stand, but not as surely as they should')
  }
}
