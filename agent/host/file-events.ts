import { randomInt } from 'node:crypto'
import { access, constants } from 'node:fs/promises'
import type { Time } from '#shared/domain/time.ts'
import { lines } from './child.ts'
import type { Answer, Stop } from './probe.ts'

/** What a process did to a file, as the kernel tells it (fanotify). Of a deletion or a move only the folder is named. */
export interface FileEvent {
  /** Epoch ms. */
  at: number
  pid: number
  /** The process's own name for itself; anything may stand in it. */
  name: string
  what: 'read' | 'written' | 'deleted' | 'moved'
  path: string
}

export interface FileEventFollower {
  onEvent(event: FileEvent): void
  /** Nothing comes any more after this. */
  onEnd(reason: string): void
  /** Somebody made a line up, by a line break in a file's or a process's name; @param after the line before it, which is true. */
  onForged?(line: string, after: string): void
}

const program = '/usr/sbin/fatrace'

/**
 * Who opens, writes, moves and deletes files, from a `fatrace` child (Debian's package; needs root). Closing is what is asked for: every
 * single write would be told a thousand times a second by a database. When this process dies, so does the child, by its broken pipe.
 * Threat: fatrace writes names as they are, so a line break in one begins what looks like a line about anybody. Its clock goes by a time
 * zone that only it and we know; a made-up line would have to guess the second.
 */
export async function followFileEvents(follower: FileEventFollower, time: Time): Promise<Answer<Stop>> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isThere) return { kind: 'unsupported', reason: 'fatrace is not installed' }
  if (process.getuid?.() !== 0) return { kind: 'unsupported', reason: 'fatrace needs root' }
  const offsetSeconds = randomInt(daySeconds)
  const reader = new FileEventReader(offsetSeconds, follower, time)
  const args = ['--timestamp', '--filter=C<>D', `--ignore-pid=${process.pid}`]
  const onLine = (line: string): void => reader.take(line)
  return { kind: 'known', value: lines(program, args, { onLine, onEnd: follower.onEnd }, { TZ: timeZoneOf(offsetSeconds) }) }
}

const daySeconds = 86_400

/** POSIX's form: so much is to be added to the zone's time to get UTC. */
function timeZoneOf(offsetSeconds: number): string {
  const part = (seconds: number): string => String(Math.floor(seconds)).padStart(2, '0')
  return `TLN+${part(offsetSeconds / 3_600)}:${part((offsetSeconds % 3_600) / 60)}:${part(offsetSeconds % 60)}`
}

/** Clocks that are read one after the other may differ by this. */
const slackMs = 1_000
/** A backlog of lines is read within this. */
const onTheirWayMs = 5_000

/** Lines in, events out; what bears another clock than ours was made up. */
export class FileEventReader {
  readonly #offsetMs: number
  readonly #follower: FileEventFollower
  readonly #time: Time
  #clock: Clock
  /** The one that was set back lately: lines are on their way that bear it. */
  #before: (Clock & { until: number }) | undefined
  #lastLine = ''
  /** What the last true line's clock showed down to the second, what that was, and until when it may be taken for that. Most lines show the same. */
  #second = { shown: '', at: 0, until: 0 }

  constructor(offsetSeconds: number, follower: FileEventFollower, time: Time) {
    this.#offsetMs = offsetSeconds * 1_000
    this.#follower = follower
    this.#time = time
    this.#clock = { now: time.now(), lastAt: time.now() }
  }

  take(line: string): void {
    const sameAt = this.#instantInSecond(line)
    if (sameAt !== undefined) {
      const event = parseFileEvent(line, sameAt)
      this.#lastLine = line
      if (event) this.#follower.onEvent(event)
      return
    }
    this.#lookAtClock()
    const at = this.#instantOf(line, this.#clock.now)
    if (at === undefined) return
    const parsed = parseFileEvent(line, at)
    if (this.#isOurs(line, at)) {
      this.#lastLine = line
      this.#second = { shown: line.slice(0, 8), at: Math.floor(at / 1_000) * 1_000, until: this.#time.monotonic() + 1_000 }
      if (parsed) this.#follower.onEvent(parsed)
    } else if (parsed) this.#follower.onForged?.(line, this.#lastLine)
  }

  /** When a line shows the second that the last true one showed. */
  #instantInSecond(line: string): number | undefined {
    const { shown, at, until } = this.#second
    if (shown === '' || !line.startsWith(shown) || this.#time.monotonic() > until) return undefined
    const [, fraction] = /^\.(\d{6}) /.exec(line.slice(8, 16)) ?? []
    return fraction === undefined ? undefined : at + Math.round(Number(fraction) / 1_000)
  }

  /** The latest instant before `now` at which that clock showed this; undefined where no time stands. */
  #instantOf(line: string, now: number): number | undefined {
    const [, hour, minute, second, fraction] = /^(\d\d):(\d\d):(\d\d)\.(\d{6}) /.exec(line) ?? []
    if (hour === undefined) return undefined
    const shown = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000 + Number(fraction) / 1_000 + this.#offsetMs
    const dayMs = daySeconds * 1_000
    const latest = now + slackMs
    return Math.round(latest - ((((latest - shown) % dayMs) + dayMs) % dayMs))
  }

  /** A clock that was set back begins anew. */
  #lookAtClock(): void {
    const [now, monotonic] = [this.#time.now(), this.#time.monotonic()]
    if (now < this.#clock.now - slackMs) {
      this.#before = { ...this.#clock, until: monotonic + onTheirWayMs }
      this.#clock = { now, lastAt: now - slackMs }
    }
    if (this.#before && monotonic > this.#before.until) this.#before = undefined
    this.#clock.now = now
  }

  /** Not before the line before it: a made-up line comes right behind a true one. */
  #isOurs(line: string, at: number): boolean {
    if (this.#follows(at, this.#clock)) return true
    return this.#before !== undefined && this.#follows(this.#instantOf(line, this.#before.now + slackMs), this.#before)
  }

  #follows(at: number | undefined, clock: Clock): boolean {
    if (at === undefined || at < clock.lastAt - slackMs) return false
    clock.lastAt = at
    return true
  }
}

/** What the clock showed when it was looked at last, and in the last line that was true. */
interface Clock {
  now: number
  lastAt: number
}

/** Longest name that a process can have (prctl(2), PR_SET_NAME), or fatrace's `unknown`. */
const maxNameLength = 15

/** `18:37:28.087718 openssl(8455): CW  /srv/a.enc`. A name may look like a line itself, so its end is the last place at which it could end. */
export function parseFileEvent(line: string, at: number): FileEvent | undefined {
  const start = line.indexOf(' ') + 1
  if (start < 2) return undefined
  for (let open = line.lastIndexOf('(', start + maxNameLength); open >= start; open = line.lastIndexOf('(', open - 1)) {
    const found = /^\((\d{1,10})\): ([RCWO+D<>]{1,8}) +(\/.*)$/.exec(line.slice(open))
    if (found) {
      const [, pid, types = '', path = ''] = found
      const what = whatOf(types)
      return what && { at, pid: Number(pid), name: line.slice(start, open), what, path }
    }
    if (open === 0) return undefined
  }
  return undefined
}

function whatOf(types: string): FileEvent['what'] | undefined {
  if (types.includes('W')) return 'written'
  if (types.includes('D')) return 'deleted'
  if (types.includes('<') || types.includes('>')) return 'moved'
  return types.includes('C') ? 'read' : undefined
}
