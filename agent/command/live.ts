import type { Cancel, Time } from '#shared/domain/time.ts'
import { maxLiveChars, type Progress } from '#shared/protocol/messages.ts'

/** What a verb says while it runs; nobody waits for it, and its result doesn't depend on it. */
export interface Live {
  output(text: string): void
  /** @param done between 0 and 1. */
  progress(done: number, note: string): void
}

/** Where nobody listens. */
export const silent: Live = { output: () => undefined, progress: () => undefined }

/** Four frames a second are as live as people read. */
const everyMs = 250
/** As much as the result keeps of a script's output. */
const maxChars = 65_536

/**
 * Gathers what is said into few frames, and says when more was said than is told. Threat: a script that writes without
 * end, filling memory here, the line, or the collector.
 */
export class LiveLine implements Live {
  readonly #commandId: string
  readonly #say: (said: Progress) => boolean
  readonly #time: Time
  #next: Omit<Progress, 'kind' | 'commandId'> = {}
  #leftChars = maxChars
  #isOver = false
  #cancel: Cancel | undefined
  #cancelBegun: Cancel | undefined

  /** @param say false: it could not be sent, and is lost. */
  constructor(commandId: string, say: (said: Progress) => boolean, time: Time) {
    this.#commandId = commandId
    this.#say = say
    this.#time = time
  }

  /** @param afterMs what is over by then is not said to run. */
  begun(afterMs = 0): void {
    const say = (): void => void this.#say({ kind: 'progress', commandId: this.#commandId })
    if (afterMs === 0) say()
    else this.#cancelBegun = this.#time.after(afterMs, say)
  }

  output(text: string): void {
    if (this.#isOver) return
    const { text: before = '' } = this.#next
    const kept = text.slice(0, Math.min(this.#leftChars, maxLiveChars - before.length))
    const isCut = kept.length < text.length
    this.#leftChars -= kept.length
    // From here on nothing more is told, which is said once.
    this.#isOver = isCut && this.#leftChars === 0
    this.#next = { ...this.#next, text: before + kept, ...(isCut && { isCut }) }
    this.#soon()
  }

  progress(done: number, note: string): void {
    this.#next = { ...this.#next, done: Math.min(1, Math.max(0, done)), note: note.slice(0, 200) }
    this.#soon()
  }

  /** Says what is still to be said. */
  end(): void {
    this.#cancel?.()
    this.#cancelBegun?.()
    this.#flush()
  }

  #soon(): void {
    this.#cancel ??= this.#time.after(everyMs, () => this.#flush())
  }

  #flush(): void {
    this.#cancel = undefined
    const said = this.#next
    if (Object.keys(said).length === 0) return
    const isSent = this.#say({ kind: 'progress', commandId: this.#commandId, ...said })
    // What was lost leaves a hole, which the next frame says.
    this.#next = !isSent && said.text !== undefined ? { isCut: true } : {}
  }
}
