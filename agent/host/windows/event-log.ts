import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import { type EventSource, errors, isRefused, type WindowsCalls } from './calls.ts'
import { type EventJson, eventOfXml } from './event-xml.ts'

/*
 * Windows' event log, followed. Enters: names of channels, and how far each was read before. Leaves: events as JSON, in the order of each
 * channel's records; a gap (a channel that isn't there, may not be read, or whose records went before they were read), once, and its end;
 * a log whose numbers fell back, which somebody cleared. Promises: no event twice and none left out without being said; a turn reads so many
 * and lets others work in between, for the log itself is the queue. On failure: the channel is tried again, the others go on.
 */
export interface EventFollower {
  onEvent(event: EventJson): void
  onGap(gap: EventGap): void
  onGapClosed(channel: string): void
  onCleared(channel: string, before: number, now: number): void
  onEnd(reason: string): void
}

export interface EventGap {
  channel: string
  why: 'missing' | 'forbidden' | 'broken' | 'lost'
  /** One sentence. */
  reason: string
}

/** Number of the last record that was read, by channel. */
export type Places = Record<string, number>

export interface EventLog {
  /** Follows these too, from now on or from where they were left. */
  want(channels: readonly string[]): void
  places(): Places
  stop(): void
}

const lookEveryMs = 500
/** What there is more of than one turn reads waits so long: a loud log takes no more of this machine than that. */
const behindEveryMs = 250
/** Whoever listens has begun by then. */
const firstLookMs = seconds(2)
const mostAtOnce = 64
const mostATurn = 512
/** The signal of a log is believed, and looked behind each so many turns. */
const turnsBetweenLooksAnyway = 60
/** Who was off for longer than a log of this many records reads the newest of them. */
const mostMissed = 50_000
const tryAgainMs = { missing: minutes(10), forbidden: minutes(10), broken: seconds(30), lost: 0 } as const

interface Followed {
  channel: string
  source: EventSource | undefined
  last: number | undefined
  tryAt: number
  gap: EventGap['why'] | undefined
  /** Told already as too large, and missing among the numbers that come. */
  tooLarge: number
}

export interface FollowOptions {
  channels: readonly string[]
  places: Places
  follower: EventFollower
  time: Time
}

export function followEventLog(calls: Pick<WindowsCalls, 'subscribe' | 'newest'>, options: FollowOptions): EventLog {
  return new Following(calls, options)
}

class Following implements EventLog {
  readonly #calls: Pick<WindowsCalls, 'subscribe' | 'newest'>
  readonly #follower: EventFollower
  readonly #time: Time
  readonly #places: Places
  readonly #followed = new Map<string, Followed>()
  #next: Cancel
  #turns = 0
  #isStopped = false

  constructor(calls: Pick<WindowsCalls, 'subscribe' | 'newest'>, { channels, places, follower, time }: FollowOptions) {
    this.#calls = calls
    this.#follower = follower
    this.#time = time
    this.#places = { ...places }
    this.want(channels)
    this.#next = time.after(firstLookMs, () => this.#turn())
  }

  want(channels: readonly string[]): void {
    for (const channel of channels) {
      if (this.#followed.has(channel)) continue
      const last = Object.hasOwn(this.#places, channel) ? this.#places[channel] : undefined
      const followed: Followed = { channel, source: undefined, last, tryAt: 0, gap: undefined, tooLarge: 0 }
      this.#followed.set(channel, followed)
      // From now on is from here, and not from the first look.
      this.#open(followed)
    }
  }

  places(): Places {
    for (const { channel, last } of this.#followed.values()) if (last !== undefined) this.#places[channel] = last
    return { ...this.#places }
  }

  stop(): void {
    this.#isStopped = true
    this.#next()
    for (const followed of this.#followed.values()) this.#close(followed)
  }

  #turn(): void {
    this.#turns += 1
    this.#readAll().then(
      (isBehind) => {
        if (!this.#isStopped) this.#next = this.#time.after(isBehind ? behindEveryMs : lookEveryMs, () => this.#turn())
      },
      (error: unknown) => this.#isStopped || this.#follower.onEnd(sentenceOf(error)),
    )
  }

  async #readAll(): Promise<boolean> {
    let isBehind = false
    for (const followed of this.#followed.values()) if (await this.#read(followed)) isBehind = true
    return isBehind
  }

  /** Answers whether there is more of it. */
  async #read(followed: Followed): Promise<boolean> {
    if (!followed.source && this.#time.monotonic() >= followed.tryAt) this.#open(followed)
    let left = mostATurn
    let isAnyway = this.#turns % turnsBetweenLooksAnyway === 0
    while (followed.source && !this.#isStopped && (isAnyway || followed.source.hasNews())) {
      isAnyway = false
      if (left <= 0) return true
      const found = followed.source.next(Math.min(left, mostAtOnce))
      if (isRefused(found)) {
        this.#close(followed)
        this.#refused(followed, found.refused)
        return false
      }
      if (found.events.length + found.tooLarge === 0) return false
      left -= found.events.length + found.tooLarge
      if (found.tooLarge > 0) this.#tellTooLarge(followed, found.tooLarge)
      for (const xml of found.events) this.#take(followed, xml)
      await new Promise(setImmediate)
    }
    return false
  }

  #take(followed: Followed, xml: string): void {
    const event = eventOfXml(xml)
    const record = event?.Event.System.EventRecordID
    if (!event || typeof record !== 'number') return
    const { channel, last } = followed
    followed.last = record
    if (last !== undefined && record <= last) this.#follower.onCleared(channel, last, record)
    else if (last !== undefined && record > last + 1) this.#tellMissing(followed, record - last - 1)
    this.#follower.onEvent(event)
  }

  #tellMissing(followed: Followed, count: number): void {
    const explained = Math.min(count, followed.tooLarge)
    followed.tooLarge -= explained
    if (count > explained) this.#tellLost(followed, count - explained)
  }

  #tellLost({ channel }: Followed, count: number): void {
    const reason = `${count} records of the log ${channel} were gone before they could be read`
    this.#follower.onGap({ channel, why: 'lost', reason })
  }

  #tellTooLarge(followed: Followed, count: number): void {
    const { channel } = followed
    followed.tooLarge += count
    this.#follower.onGap({ channel, why: 'lost', reason: `${count} records of the log ${channel} were too large to be read` })
  }

  #open(followed: Followed): void {
    const { channel } = followed
    // A log in which nothing happens has a place, too: what happens while nobody listens is read later.
    const isFirst = followed.last === undefined
    const newest = this.#newestOf(channel)
    if (isFirst) followed.last = newest
    const after = isFirst || followed.last === undefined ? newest : this.#resumedAt(followed, followed.last, newest)
    const source = this.#calls.subscribe(channel, after)
    if (isRefused(source)) {
      this.#refused(followed, source.refused)
      return
    }
    followed.source = source
    if (followed.gap) this.#follower.onGapClosed(channel)
    followed.gap = undefined
  }

  #newestOf(channel: string): number | undefined {
    const record = eventOfXml(this.#calls.newest(channel) ?? '')?.Event.System.EventRecordID
    return typeof record === 'number' ? record : undefined
  }

  /** Behind which record it goes on, seen from what the log holds now. */
  #resumedAt(followed: Followed, last: number, newest: number | undefined): number {
    if (newest === undefined) return last
    if (newest < last) {
      this.#follower.onCleared(followed.channel, last, newest)
      followed.last = undefined
      return 0
    }
    if (newest - last <= mostMissed) return last
    this.#tellLost(followed, newest - mostMissed - last)
    followed.last = newest - mostMissed
    return followed.last
  }

  #refused(followed: Followed, code: number): void {
    const why =
      code === errors.channelMissing || code === errors.directChannel ? 'missing' : code === errors.accessDenied ? 'forbidden' : 'broken'
    followed.tryAt = this.#time.monotonic() + tryAgainMs[why]
    if (followed.gap === why) return
    followed.gap = why
    this.#follower.onGap({ channel: followed.channel, why, reason: sentence(followed.channel, why, code) })
  }

  #close(followed: Followed): void {
    followed.source?.close()
    followed.source = undefined
  }
}

function sentence(channel: string, why: EventGap['why'], code: number): string {
  if (why === 'missing') return `this machine has no log ${channel} that can be followed`
  if (why === 'forbidden') return `the log ${channel} may not be read by the user this agent runs as`
  return `the log ${channel} can’t be read (error ${code} of Windows)`
}
