import { dirname, join } from 'node:path'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { FileEvent } from '../../host/file-events.ts'
import type { Probe } from '../../host/probe.ts'
import type { Tree } from '../writers/trees.ts'
import { type Readability, readabilityOf, sampleBytes } from './contents.ts'
import { Deeds, isAttack, type Tally } from './deeds.ts'
import { isDocument, isRansomNote, isWorthLooking, originalOf } from './names.ts'

/** One process tree, or a folder of which nobody knows who wrote in it. */
export interface Doer {
  key: string
  tree: Tree | undefined
  /** The process that was seen last at it. */
  pid: number | undefined
  deeds: Deeds
  looks: Bucket
  saidAt: number
  /** Monotonic ms at which it was heard of last. */
  seenAt: number
  /** Folders in which something went, and that wait to be looked through. */
  waiting: Set<string>
}

export interface WatchOptions {
  probe: Probe
  time: Time
  onAttack(doer: Doer, tally: Tally): void
  /** Some files can't be read any more, too few to say so, and nobody knows whose work it is. */
  onSuspicion?(): void
}

/** A tree whose files are all readable is looked at so often; what can't be read costs nothing, so an attack is seen whole. */
const looksPerSecond = 100
const maxDoers = 2_000
const rememberedMs = seconds(60)
const forgetEveryMs = seconds(10)
/** Reads that are under way, and that wait: Node has four threads for files, and others need them too. */
const maxAtOnce = 8
const maxWaiting = 2_000
const settledAtOnce = 50
/** A file that is younger than this was never anything else. */
const newbornMs = 1_000
/** Said again while it goes on. */
const sayAgainMs = seconds(10)
/** An encrypted file so large may hold many. */
const largeBytes = 1_048_576

/** Events in; who turned how many files unreadable out. */
export class EncryptionWatch {
  readonly #options: WatchOptions
  #doers = new Map<string, Doer>()
  #forgotAt = 0
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** @param place what is told apart where nobody knows who wrote; the folder, when absent. */
  take(event: FileEvent, tree: Tree | undefined, place?: string): void {
    const folder = event.what === 'deleted' || event.what === 'moved' ? event.path : dirname(event.path)
    if (!isWorthLooking(`${folder}/`)) return
    const now = this.#options.time.monotonic()
    const key = tree?.key ?? `folder ${place ?? folder}`
    // Most of what a machine does concerns no document: nothing is remembered of that.
    if (!this.#doers.has(key) && !this.#concerns(event)) return
    const doer = this.#doerOf(key, tree, now)
    doer.pid = event.pid
    if (event.what === 'read') {
      if (isDocument(event.path)) doer.deeds.met(event.path, event.at, now)
    } else if (event.what === 'written') this.#written(doer, event, now)
    else this.#settleSoon(doer, folder)
  }

  #concerns({ what, path }: FileEvent): boolean {
    if (what !== 'read' && what !== 'written') return false
    return isDocument(path) || (what === 'written' && (originalOf(path) !== undefined || isRansomNote(path)))
  }

  #doerOf(key: string, tree: Tree | undefined, now: number): Doer {
    const known = this.#doers.get(key)
    if (known) {
      known.seenAt = now
      return known
    }
    const looks = new Bucket(looksPerSecond)
    const doer: Doer = { key, tree, pid: undefined, deeds: new Deeds(), looks, saidAt: -sayAgainMs, seenAt: now, waiting: new Set() }
    if (now - this.#forgotAt >= forgetEveryMs || this.#doers.size >= maxDoers) this.#forgetOld(now)
    this.#doers.set(key, doer)
    return doer
  }

  /** Those of whom nothing was heard since nothing they did counts any more; of too many the older half. */
  #forgetOld(now: number): void {
    this.#forgotAt = now
    const lately = [...this.#doers].filter(([, { seenAt }]) => now - seenAt < rememberedMs)
    const most = lately.length < maxDoers ? lately.length : maxDoers / 2
    this.#doers = new Map(lately.toSorted(([, one], [, other]) => one.seenAt - other.seenAt).slice(lately.length - most))
  }

  #written(doer: Doer, { path, at }: FileEvent, now: number): void {
    if (isRansomNote(path)) {
      doer.deeds.wroteNote(dirname(path), now)
      this.#judge(doer)
    }
    if (!doer.looks.has(now)) return
    this.#soon(() => this.#examine(doer, path, at, originalOf(path)))
  }

  async #examine(doer: Doer, path: string, at: number, original: string | undefined): Promise<void> {
    const { probe, time } = this.#options
    const [look, head] = [await probe.look(path), await probe.read(path, sampleBytes)]
    const now = time.monotonic()
    if (!look || !head) return this.#vanished(doer, path, at)
    const readability = readabilityOf(head)
    if (readability === 'readable' || readability === 'unclear') return doer.looks.take(now)
    if (isDocument(path) && look.bornAt < at - newbornMs) doer.deeds.turned(path, now)
    doer.deeds.wroteUnreadable(path, holdsMany(readability, head, look.sizeBytes), now)
    if (original !== undefined) doer.deeds.met(original, at, now)
    await this.#settle(doer, original === undefined ? undefined : dirname(original))
  }

  /** Written and then renamed before anybody could look: it has another end to its name now. */
  async #vanished(doer: Doer, path: string, at: number): Promise<void> {
    if (!isDocument(path)) return
    const names = (await this.#options.probe.list(dirname(path)))?.names ?? []
    const successor = names.map((name) => join(dirname(path), name)).find((each) => each.startsWith(`${path}.`))
    if (successor !== undefined) await this.#examine(doer, successor, at, path)
  }

  /** Whoever deletes a thousand files in a folder has it looked through once at a time. */
  #settleSoon(doer: Doer, folder: string): void {
    if (doer.waiting.has(folder)) return
    doer.waiting.add(folder)
    const isTaken = this.#soon(() => {
      doer.waiting.delete(folder)
      return this.#settle(doer, folder)
    })
    if (!isTaken) doer.waiting.delete(folder)
  }

  /** What became of the documents that this tree has read. */
  async #settle(doer: Doer, folder: string | undefined): Promise<void> {
    const now = this.#options.time.monotonic()
    const open = doer.deeds.toSettle(folder, now, settledAtOnce)
    await Promise.all(open.map((each) => this.#settleOne(doer, each)))
    this.#judge(doer)
  }

  async #settleOne({ deeds }: Doer, { path, readAt }: { path: string; readAt: number }): Promise<void> {
    const { probe, time } = this.#options
    const look = await probe.look(path)
    if (!look) return deeds.gone(path, time.monotonic())
    if (look.changedAt <= readAt) return
    const head = await probe.read(path, sampleBytes)
    const readability = head && readabilityOf(head)
    if (readability === 'unreadable' || readability === 'sealed') deeds.turned(path, time.monotonic())
  }

  #judge(doer: Doer): void {
    const now = this.#options.time.monotonic()
    if (now - doer.saidAt < sayAgainMs) return
    const tally = doer.deeds.tally(now)
    if (tally.turned.length > 1 && !doer.tree) this.#options.onSuspicion?.()
    if (!isAttack(tally)) return
    doer.saidAt = now
    this.#options.onAttack(doer, tally)
  }

  /** What can't be looked at in time is not looked at: the next file of the same hand will be. */
  #soon(work: () => Promise<void>): boolean {
    const isTaken = this.#waiting.length < maxWaiting
    if (isTaken) this.#waiting.push(work)
    if (this.#running < maxAtOnce) void this.#run()
    return isTaken
  }

  async #run(): Promise<void> {
    this.#running += 1
    for (let work = this.#waiting.shift(); work; work = this.#waiting.shift()) await work().catch(() => undefined)
    this.#running -= 1
  }
}

const holdsMany = (readability: Readability, head: Buffer, sizeBytes: number): boolean =>
  readability === 'sealed' && (/^(?:PK|7z)/.test(head.toString('latin1', 0, 2)) || sizeBytes >= largeBytes)

/** So many a second, and as many at once. */
class Bucket {
  readonly #perSecond: number
  #left: number
  #at = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
  }

  has(now: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1_000) * this.#perSecond)
    this.#at = now
    return this.#left >= 1
  }

  take(now: number): void {
    this.has(now)
    this.#left -= 1
  }
}
