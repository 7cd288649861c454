import { Fault } from '#shared/domain/fault.ts'
import type { NftShell } from './nft-shell.ts'
import { deletionOf } from './rules.ts'

/*
 * The second copy of the rules. Enters: a ruleset whose tables have an owner. Leaves: our own `nft -i` holds them. Promises:
 * `nft flush ruleset` by anybody else passes them by, so there is no gap until the first copy is back. They end with this process,
 * which is why there are two. Threat: an installer, an admin or an intruder who flushes the firewall of an isolated machine.
 */

export class HeldTables {
  readonly #shell: NftShell
  #isHolding = false

  constructor(shell: NftShell) {
    this.#shell = shell
  }

  get isHolding(): boolean {
    return this.#isHolding
  }

  onLost(lost: () => void): void {
    this.#shell.onLost(() => {
      if (!this.#isHolding) return
      this.#isHolding = false
      lost()
    })
  }

  /** @throws Fault when nft doesn't take it. */
  async put(rules: string): Promise<void> {
    this.#shell.start()
    // What an owner has can't be added once more, so there is no deleting of what may not be there.
    const ended = await this.#shell.run(`${this.#isHolding ? deletionOf('tierline_held') : ''}${rules}`)
    this.#isHolding = ended?.kind === 'ended' && ended.code === 0
    if (this.#isHolding) return
    await this.letGo()
    const trouble = ended?.kind === 'ended' ? ended.stderr.slice(0, 300) : 'nft didn’t answer'
    throw new Fault('firewall-failed', `the second copy of the isolation rules can't be held: ${trouble}`, { isRetryable: true })
  }

  async letGo(): Promise<void> {
    this.#isHolding = false
    await this.#shell.end()
  }
}
