import { constants, type Stats, statSync } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { farFolders, isFar } from './far.ts'
import type { Answer, LineFollower, Stop } from './probe.ts'
import { watchFolder } from './system-files.ts'

/** Half a second is soon enough for a log, and one look that nobody has to be woken for costs microseconds. */
const lookEveryMs = 500
/** What was never there may never be: most machines have no ClamAV. Nothing is missed meanwhile, since what appears is told from its start. */
const lookForEveryMs = seconds(10)
/** A log that nothing was written into for so many looks is slept over: the kernel wakes us, and every so often we look all the same. */
const looksUntilSleep = 10
const asleepEveryMs = seconds(10)
/** What starts together with the agent is there after so many looks. */
const looksBeforeThat = 20
const chunkBytes = 65_536
const smallChunkBytes = 4_096
/** A line beyond this is cut; no logger writes such, an attacker might. */
const maxLineBytes = 16_384

/**
 * Tells whole lines as they are appended to `path`, from the end it has now; a file that appears later is told from its
 * start. Rotation: the old file is read to its end before the new one is begun. Truncation: reading starts over.
 */
export async function followFile(path: string, follower: LineFollower, time: Time): Promise<Answer<Stop>> {
  const tail = new Tail(path, follower, time)
  try {
    await tail.start()
    return { kind: 'known', value: () => tail.stop() }
  } catch (error) {
    if (!isForbidden(error)) throw error
    return { kind: 'unsupported', reason: `${path} may not be read by the user this agent runs as` }
  }
}

const isForbidden = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')

class Tail {
  readonly #path: string
  readonly #follower: LineFollower
  readonly #time: Time
  #file: FileHandle | undefined
  #identity = ''
  /** Where it lies on a disk of this machine, which answers at once; only root lays logs elsewhere. */
  #nearAt: string | undefined
  /** The same of where it would lie. */
  #isFolderNear = false
  #quietLooks = 0
  #wakening: Stop | undefined
  #isLooking = false
  #offset = 0
  #partial = Buffer.alloc(0)
  #isCutting = false
  #next: Cancel | undefined
  #isStopped = false
  #wasThere = false
  #looks = 0

  constructor(path: string, follower: LineFollower, time: Time) {
    this.#path = path
    this.#follower = follower
    this.#time = time
  }

  async start(): Promise<void> {
    this.#isFolderNear = (await nearAt(dirname(this.#path))) !== undefined
    const size = await this.#open()
    this.#offset = size
    this.#plan()
  }

  stop(): void {
    this.#isStopped = true
    this.#next?.()
    this.#wakening?.()
    void this.#close()
  }

  #plan(): void {
    if (this.#isStopped) return
    this.#looks += 1
    const isLikely = this.#wasThere || this.#looks <= looksBeforeThat
    const everyMs = this.#wakening ? asleepEveryMs : lookEveryMs
    this.#next = this.#time.after(isLikely ? everyMs : lookForEveryMs, () => this.#lookAndPlan())
  }

  #lookAndPlan(): void {
    this.#isLooking = true
    this.#lookAndSleep()
      .finally(() => {
        this.#isLooking = false
      })
      .then(
        () => this.#plan(),
        (error: unknown) => this.#isStopped || this.#follower.onEnd(`${this.#path}: ${sentenceOf(error)}`),
      )
  }

  async #lookAndSleep(): Promise<void> {
    await this.#look()
    if (this.#quietLooks >= looksUntilSleep && !this.#wakening && (await this.#sleep())) await this.#look()
    if (this.#quietLooks === 0 || this.#isStopped) this.#wake()
  }

  /** While much is written the kernel would wake us for each line, so only who is quiet is slept over. */
  async #sleep(): Promise<boolean> {
    if (this.#nearAt === undefined) return false
    const name = basename(this.#nearAt)
    const heard = (changed: string | undefined): void => {
      if (this.#wakening && (changed === undefined || changed === name)) this.#rouse()
    }
    this.#wakening = await watchFolder(dirname(this.#nearAt), heard).catch(() => undefined)
    return this.#wakening !== undefined
  }

  #wake(): void {
    this.#wakening?.()
    this.#wakening = undefined
  }

  #rouse(): void {
    this.#wake()
    this.#quietLooks = 0
    // Who looks already looks again soon.
    if (this.#isLooking) return
    this.#next?.()
    this.#lookAndPlan()
  }

  async #look(): Promise<void> {
    const isNear = this.#nearAt !== undefined || (this.#identity === '' && this.#isFolderNear)
    const found = isNear ? statNow(this.#path) : await stat(this.#path).catch(whenMissing)
    const isSame = found !== undefined && identityOf(found) === this.#identity
    const isRead = isSame && found.size === this.#offset
    this.#quietLooks = isRead ? this.#quietLooks + 1 : 0
    if (this.#file && !isRead) await this.#readOn(this.#file)
    if (!found || this.#isStopped) return
    if (!isSame) {
      await this.#close()
      await this.#open().catch((error: unknown) => this.#whenForbidden(error))
      if (this.#file) await this.#readOn(this.#file)
    }
  }

  async #readOn(file: FileHandle): Promise<void> {
    const { size } = await file.stat()
    if (size < this.#offset) this.#startOver()
    const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(smallChunkBytes, size - this.#offset)))
    while (!this.#isStopped) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      this.#take(chunk.subarray(0, bytesRead))
    }
  }

  #take(bytes: Buffer): void {
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      const line = Buffer.concat([this.#partial, bytes.subarray(from, end)])
      this.#partial = Buffer.alloc(0)
      from = end + 1
      if (!this.#isCutting) this.#follower.onLine(line.toString('utf8').replace(/\r$/, ''))
      this.#isCutting = false
    }
    this.#keepPartial(bytes.subarray(from))
  }

  /** What is longer than a line may be is told once, cut, and the rest of it passed over. */
  #keepPartial(rest: Buffer): void {
    if (this.#isCutting) return
    this.#partial = Buffer.concat([this.#partial, rest])
    if (this.#partial.length <= maxLineBytes) return
    this.#follower.onLine(this.#partial.subarray(0, maxLineBytes).toString('utf8'))
    this.#partial = Buffer.alloc(0)
    this.#isCutting = true
  }

  async #open(): Promise<number> {
    this.#startOver()
    // A pipe without a writer would hold one of Node's four file threads for ever, and a device has no end.
    const file = await open(this.#path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(whenMissing)
    if (!file) return 0
    const found = await file.stat()
    if (!found.isFile()) {
      await file.close()
      return 0
    }
    this.#identity = identityOf(found)
    this.#nearAt = await nearAt(this.#path)
    this.#file = file
    this.#wasThere = true
    return found.size
  }

  /** One that appeared and that this user may not read is as good as absent; one that was read before is missed. */
  #whenForbidden(error: unknown): void {
    if (this.#wasThere || !isForbidden(error)) throw error
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#identity = ''
    await file?.close().catch(() => undefined)
  }

  #startOver(): void {
    this.#offset = 0
    this.#partial = Buffer.alloc(0)
    this.#isCutting = false
  }
}

const identityOf = (found: { dev: number; ino: number }): string => `${found.dev}:${found.ino}`

/** Elsewhere nobody says what is far. */
async function nearAt(path: string): Promise<string | undefined> {
  const place = process.platform === 'linux' ? await realpath(path).catch(() => undefined) : undefined
  return place === undefined || isFar(place, farFolders()) ? undefined : place
}

const statNow = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
