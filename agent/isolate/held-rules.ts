import type { CollectorAddress } from './address.ts'
import type { Firewall } from './firewalls/firewall.ts'

/** `unknown`: this process has put none, or could not read them back. */
export type Found = 'as left' | 'changed' | 'gone' | 'unknown'

/** Our rules in the system's firewall, and whether they still stand as we left them. */
export class HeldRules {
  readonly #firewall: Firewall
  /** As the system listed them when we had put them there. */
  #left: Promise<string | undefined> = Promise.resolve(undefined)

  constructor(firewall: Firewall) {
    this.#firewall = firewall
  }

  /** Resolves once they stand. They are read back beside whatever comes next, since an attack doesn't wait for it. */
  async put(addresses: readonly CollectorAddress[]): Promise<void> {
    this.#left = Promise.resolve(undefined)
    await this.#firewall.apply(addresses)
    this.#left = this.#firewall.snapshot().catch(() => undefined)
  }

  async takeAway(): Promise<void> {
    this.#left = Promise.resolve(undefined)
    await this.#firewall.remove()
  }

  async areThere(): Promise<boolean> {
    return (await this.#firewall.snapshot()) !== undefined
  }

  async look(): Promise<Found> {
    const left = await this.#left
    const found = await this.#firewall.snapshot()
    if (left === undefined) return 'unknown'
    if (found === undefined) return 'gone'
    return found === left ? 'as left' : 'changed'
  }
}
