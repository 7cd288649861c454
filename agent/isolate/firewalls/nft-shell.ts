import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Conversation } from '../../host/conversation.ts'
import type { Ended, Host } from '../../host/host.ts'

/*
 * An `nft -i` of ours. Enters: transactions, one line each. Leaves: what nft said of each. Promises: it may be begun beforehand, holds
 * nothing then, and saves an isolation the start of a program; while it is wanted it is begun again whenever it ends. Only this process
 * has its input, and it ends with it; tables with an owner that were put by it are its own. On failure: no answer, and whoever asked
 * starts a program of its own. Threat: somebody who stops it, so that an isolation waits for it: nobody waits long.
 */

interface Asked {
  lines: string[]
  mark: string
  answer(ended: Ended | undefined): void
}

/** It answers in two or three milliseconds; on a machine that has no time for it, nor has another program. */
const withinMs = 500
/** Doubled each time that it ends at once. */
const againAfterMs = seconds(1)
const againAfterMostMs = minutes(10)
const provenAfterMs = minutes(1)

export class NftShell {
  readonly #host: Host
  readonly #time: Time
  #nft: Conversation | undefined
  #asked: Asked | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isWanted = false
  #again: Cancel | undefined
  #againAfterMs = againAfterMs
  #count = 0
  /** It ended though nobody asked it to. */
  #lost: () => void = () => undefined

  constructor(host: Host, time: Time) {
    this.#host = host
    this.#time = time
  }

  get isThere(): boolean {
    return this.#nft !== undefined
  }

  onLost(lost: () => void): void {
    this.#lost = lost
  }

  /** Begins it now, and again whenever it ends. */
  keepReady(): void {
    this.#isWanted = true
    this.start()
  }

  start(): void {
    this.#again?.()
    if (this.#nft) return
    const beganAt = this.#time.monotonic()
    const nft = this.#host.ahead(() =>
      this.#host.converse('nft', ['-i'], {
        onLine: (line) => this.#hear(line),
        onEnd: () => {
          this.#nft = undefined
          this.#answer(undefined)
          this.#ended(this.#time.monotonic() - beganAt)
        },
      }),
    )
    this.#nft = nft
    // The first answer is late: it begins meanwhile.
    void this.run('')
  }

  /** Undefined: it isn't there, or doesn't answer, and then it is ended. */
  run(transaction: string): Promise<Ended | undefined> {
    const mine = this.#turn.then(() => this.#ask(transaction))
    this.#turn = mine
    return mine
  }

  /** With all that it owns. */
  async end(): Promise<void> {
    this.#isWanted = false
    this.#again?.()
    await this.#drop()
  }

  async #drop(): Promise<void> {
    const nft = this.#nft
    this.#nft = undefined
    this.#answer(undefined)
    await nft?.end()
  }

  /** A line that is no command ends each answer: nft repeats it in its complaint. */
  #ask(transaction: string): Promise<Ended | undefined> {
    const nft = this.#nft
    if (!nft) return Promise.resolve(undefined)
    this.#count += 1
    const mark = `tierline_answered_${this.#count}`
    return new Promise((resolve) => {
      const cancel = this.#time.after(withinMs, () => void this.#drop().then(() => this.#ended(0)))
      this.#asked = {
        lines: [],
        mark,
        answer: (ended) => {
          cancel()
          this.#asked = undefined
          resolve(ended)
        },
      }
      if (transaction !== '') nft.say(transaction.replaceAll('\n', ';'))
      nft.say(mark)
    })
  }

  #hear(line: string): void {
    if (!this.#asked) return
    if (line.trim() !== this.#asked.mark) return void (this.#asked.lines.length < maxLines && this.#asked.lines.push(line))
    const said = this.#asked.lines.slice(
      0,
      this.#asked.lines.findLastIndex((each) => each.startsWith('Error')),
    )
    const stderr = said.slice(said.findIndex((each) => each.includes('Error'))).join('\n')
    this.#answer(said.some((each) => each.includes('Error')) ? { kind: 'ended', code: 1, stdout: '', stderr } : done)
  }

  #answer(ended: Ended | undefined): void {
    this.#asked?.answer(ended)
  }

  #ended(livedMs: number): void {
    this.#lost()
    if (!this.#isWanted || this.#nft) return
    this.#againAfterMs = livedMs >= provenAfterMs ? againAfterMs : Math.min(againAfterMostMs, 2 * this.#againAfterMs)
    this.#again = this.#time.after(this.#againAfterMs, () => this.start())
  }
}

/** More than any complaint has. */
const maxLines = 200
const done: Ended = { kind: 'ended', code: 0, stdout: '', stderr: '' }
