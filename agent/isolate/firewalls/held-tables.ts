import { Fault } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Conversation } from '../../host/conversation.ts'
import type { Host } from '../../host/host.ts'
import { deletionOf, families } from './rules.ts'

/*
 * The second copy of the rules. Enters: a ruleset whose tables have an owner. Leaves: an `nft -i` of ours that holds them. Promises:
 * `nft flush ruleset` by anybody else passes them by, so there is no gap until the first copy is back. They end with this process,
 * which is why there are two. Threat: an installer, an admin or an intruder who flushes the firewall of an isolated machine.
 */

const withinMs = seconds(2)

export class HeldTables {
  readonly #host: Host
  readonly #time: Time
  #nft: Conversation | undefined
  #hear: (line: string) => void = () => undefined
  /** It ended though nobody asked it to. */
  #lost: () => void = () => undefined

  constructor(host: Host, time: Time) {
    this.#host = host
    this.#time = time
  }

  get isHolding(): boolean {
    return this.#nft !== undefined
  }

  onLost(lost: () => void): void {
    this.#lost = lost
  }

  /** One line is one transaction. @throws Fault when nft doesn't take it. */
  async put(rules: string): Promise<void> {
    // What an owner has can't be added once more, so there is no deleting of what may not be there.
    const before = this.#nft ? deletionOf('tierline_held') : ''
    const nft = this.#nft ?? this.#start()
    const answered = this.#answer()
    nft.say(`${before}${rules}`.replaceAll('\n', ';'))
    nft.say('list tables')
    const trouble = await answered
    if (trouble === undefined) return
    await this.letGo()
    throw new Fault('firewall-failed', `the second copy of the isolation rules can't be held: ${trouble}`, { isRetryable: true })
  }

  async letGo(): Promise<void> {
    const nft = this.#nft
    this.#nft = undefined
    await nft?.end()
  }

  #start(): Conversation {
    const nft = this.#host.converse('nft', ['-i'], {
      onLine: (line) => this.#hear(line),
      onEnd: (reason) => {
        this.#nft = undefined
        this.#hear(`Error: ${reason}`)
        this.#lost()
      },
    })
    this.#nft = nft
    return nft
  }

  /** What went wrong, or undefined once all the tables are listed. */
  #answer(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const missing = new Set(families.map((family) => `table ${family} tierline_held`))
      const over = (trouble: string | undefined): void => {
        cancel()
        this.#hear = () => undefined
        resolve(trouble)
      }
      const cancel = this.#time.after(withinMs, () => over(`no answer within ${withinMs} ms`))
      this.#hear = (line) => {
        if (line.startsWith('Error')) return over(line.slice(0, 300))
        missing.delete(line.trim())
        if (missing.size === 0) over(undefined)
      }
    })
  }
}
