import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { Entry } from './lane-log.ts'

/** Where the writer writes to; it may be another place after `recover`. */
export interface Target {
  /** Resolves with the seq of each entry. */
  write(lane: Lane, entries: readonly Entry[]): Promise<number[]>
  /** @throws Fault `spool-replaced` when what was written is not there. */
  sync(lane: Lane): Promise<void>
  /** Called when what was written is not there: begins anew on what is. */
  recover(): Promise<void>
  /** What was written to this lane is on the disk itself. */
  onSynced(lane: Lane): void
}

interface Waiting {
  lane: Lane
  /** Undefined: only what the lane owes is written. */
  entry: Entry | undefined
  resolve(seq: number): void
  reject(reason: unknown): void
  tries: number
}

interface Written {
  lane: Lane
  entries: Waiting[]
  seqs: number[]
  /** There was no place to write to. */
  isMissing?: boolean
}

/** What one write and one sync hold at most. */
const maxBatchRecords = 200
const maxBatchBytes = 1_048_576
/** What may wait for a disk that hangs: more than any agent says in a minute. */
const maxWaitingRecords = 20_000
const maxWaitingBytes = 33_554_432
const maxTries = 3

/** The spool's one writer: many callers share one write and one sync. */
export class Writer {
  readonly #target: Target
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  #isHeld = false
  #isClosed = false

  constructor(target: Target) {
    this.#target = target
  }

  append(lane: Lane, entry?: Entry): Promise<number> {
    const bytes = entry?.body.length ?? 0
    if (this.#isClosed) return Promise.reject(new Fault('spool-closed', 'the agent is stopping'))
    if (this.#waiting.length >= maxWaitingRecords || this.#waitingBytes + bytes > maxWaitingBytes)
      return Promise.reject(new Fault('spool-busy', 'the disk does not keep up with what is said'))
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#waiting.push({ lane, entry, resolve, reject, tries: 0 })
    this.#waitingBytes += bytes
    this.#wake()
    return promise
  }

  /** Runs `work` while nothing is written; what is appended meanwhile waits. */
  async hold(work: () => Promise<void>): Promise<void> {
    this.#isHeld = true
    try {
      while (this.#writing) await this.#writing
      await work()
    } finally {
      this.#isHeld = false
      this.#wake()
    }
  }

  /** Takes nothing more, and resolves when everything is written. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#writing) await this.#writing
  }

  #wake(): void {
    if (this.#writing || this.#isHeld || this.#waiting.length === 0) return
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined
      this.#wake()
    })
  }

  /** Its first `await` lets everybody of the same tick into the first batch. */
  async #drain(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.#isHeld) {
      const batch = this.#takeBatch()
      const written: Written[] = []
      for (const lane of Lane.options) {
        const entries = batch.filter((entry) => entry.lane === lane)
        if (entries.length > 0) written.push(await this.#write(lane, entries))
      }
      const missing = (await Promise.all(written.map((group) => this.#sync(group)))).flat()
      if (missing.length > 0) await this.#recover(missing)
    }
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    const tooMany = this.#waiting.findIndex(({ entry }, index) => {
      bytes += entry?.body.length ?? 0
      return index >= maxBatchRecords || (index > 0 && bytes > maxBatchBytes)
    })
    const batch = this.#waiting.splice(0, tooMany < 0 ? this.#waiting.length : tooMany)
    this.#waitingBytes -= batch.reduce((sum, { entry }) => sum + (entry?.body.length ?? 0), 0)
    return batch
  }

  async #write(lane: Lane, entries: Waiting[]): Promise<Written> {
    try {
      const seqs = await this.#target.write(
        lane,
        entries.flatMap(({ entry }) => entry ?? []),
      )
      const group = { lane, entries, seqs }
      if (lane === 'samples') settle(group)
      return group
    } catch (error) {
      if (isReplaced(error)) return { lane, entries, seqs: [], isMissing: true }
      for (const entry of entries) entry.reject(unwritable(error))
      return { lane, entries: [], seqs: [] }
    }
  }

  /** Resolves with those that were written and are not there. */
  async #sync(group: Written): Promise<Waiting[]> {
    if (group.entries.length === 0 || group.isMissing) return group.entries
    try {
      await this.#target.sync(group.lane)
      settle(group)
      this.#target.onSynced(group.lane)
    } catch (error) {
      if (isReplaced(error)) return group.entries
      for (const entry of group.entries) entry.reject(unwritable(error))
    }
    return []
  }

  /** Somebody replaced the files: what was not settled is written again, into what there is now. */
  async #recover(missing: Waiting[]): Promise<void> {
    for (const entry of missing) entry.tries += 1
    const hopeless = missing.filter(({ tries }) => tries >= maxTries)
    for (const entry of hopeless) entry.reject(new Fault('spool-unwritable', 'the files of the spool are replaced again and again'))
    try {
      await this.#target.recover()
      const again = missing.filter((entry) => !hopeless.includes(entry) && entry.lane !== 'samples')
      this.#waiting.unshift(...again)
      this.#waitingBytes += again.reduce((sum, { entry }) => sum + (entry?.body.length ?? 0), 0)
    } catch (error) {
      for (const entry of missing) entry.reject(unwritable(error))
    }
  }
}

/** One that only asked for what the lane owes has no seq of its own. */
function settle({ entries, seqs }: Written): void {
  let next = 0
  for (const { entry, resolve } of entries) resolve(entry ? (seqs[next++] ?? 0) : 0)
}

const isReplaced = (error: unknown): boolean => error instanceof Fault && error.code === 'spool-replaced'

function unwritable(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('spool-unwritable', `the spool can't be written: ${sentenceOf(error)}`, { cause: error })
}
