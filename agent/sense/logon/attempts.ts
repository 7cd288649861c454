import { minutes, seconds } from '#shared/domain/time.ts'
import { isOutside } from './address.ts'
import { BoundedMap } from './bounded-map.ts'
import type { LogonLine } from './read-line.ts'

/** Failures of one source within the last ten minutes. */
export interface Source {
  source: string
  isOutside: boolean
  /** One entry per second in which something failed; `at` is monotonic. */
  failures: { at: number; count: number; userName: string | undefined }[]
  userNames: BoundedMap<{ at: number }>
  programs: Set<string>
  /** The last lines as they were found. */
  lines: string[]
}

const windowMs = minutes(10)
/** Memory: this many sources, each with at most this many entries. */
const maxSources = 1_000
const maxEntries = 600
const maxUserNames = 50
const maxConnections = 5_000
const maxLines = 10

/**
 * Counts what failed, per source, over the last ten minutes. One attempt writes up to four lines (PAM's, "Invalid user",
 * "Failed password", "Connection closed"); of one connection's lines, only those of the most frequent kind count.
 */
export class Attempts {
  readonly #sources = new BoundedMap<Source>(maxSources)
  readonly #connections = new BoundedMap<{ at: number; seen: Map<string, number>; counted: number }>(maxConnections)

  /** @param now monotonic ms. Answers the source as it is after this line, and how many failures the line was. */
  fail(line: LogonLine, text: string, now: number): { source: Source; added: number } {
    const source = this.#touch(line.source, now)
    const added = this.#newFailures(line, now)
    source.lines = [...source.lines, text.slice(0, 500)].slice(-maxLines)
    source.programs.add(line.program)
    if (line.userName !== undefined) source.userNames.touch(line.userName.slice(0, 100), () => ({ at: now })).at = now
    if (added > 0) add(source, { at: now, count: added, userName: line.userName })
    return { source, added }
  }

  get(source: string, now: number): Source {
    return this.#touch(source, now)
  }

  /** Somebody who mistyped and then got in was no attacker: what failed under that name no longer counts. */
  forgive(source: Source, userName: string | undefined): void {
    if (userName === undefined) return
    source.failures = source.failures.filter((failure) => failure.userName !== userName)
    source.userNames.delete(userName.slice(0, 100))
  }

  /** Every source with a failure in the window, most failures first. */
  failing(now: number): Source[] {
    const sources = this.#sources.entries().map(([, source]) => trimmed(source, now))
    return sources.filter((source) => source.failures.length > 0).sort((a, b) => failuresOf(b) - failuresOf(a))
  }

  #touch(name: string, now: number): Source {
    const key = name.slice(0, 255)
    const made = (): Source => ({
      source: key,
      isOutside: isOutside(key),
      failures: [],
      userNames: new BoundedMap(maxUserNames),
      programs: new Set(),
      lines: [],
    })
    return trimmed(this.#sources.touch(key, made), now)
  }

  /** How many failures this line adds to what its connection has already been counted with. */
  #newFailures(line: LogonLine, now: number): number {
    if (line.connection === undefined) return line.count
    const key = `${line.connection} ${line.source}`
    const fresh = { at: now, seen: new Map<string, number>(), counted: 0 }
    const known = this.#connections.touch(key, () => fresh)
    // A process id comes back one day.
    if (now - known.at > windowMs) Object.assign(known, fresh)
    // A client offers each of its keys in turn; that is one attempt.
    const isOffer = line.witness === 'publickey'
    known.seen.set(line.witness, isOffer ? 1 : (known.seen.get(line.witness) ?? 0) + line.count)
    const counted = Math.max(...known.seen.values())
    const added = counted - known.counted
    Object.assign(known, { at: now, counted })
    return added
  }
}

export const failuresOf = (source: Source): number => sum(source.failures)

/** @param withinMs how far back; failures are kept for ten minutes. */
export const failuresWithin = (source: Source, withinMs: number, now: number): number =>
  sum(source.failures.filter((failure) => failure.at > now - withinMs))

export const userNamesOf = (source: Source): string[] => source.userNames.entries().map(([name]) => name)

function trimmed(source: Source, now: number): Source {
  source.failures = source.failures.filter((failure) => failure.at > now - windowMs)
  for (const [name, { at }] of source.userNames.entries()) if (at <= now - windowMs) source.userNames.delete(name)
  if (source.failures.length === 0) Object.assign(source, { lines: [], programs: new Set() })
  return source
}

/** Failures of one second and one name are one entry; beyond the bound the oldest go. */
function add(source: Source, failure: Source['failures'][number]): void {
  const last = source.failures.at(-1)
  if (last && failure.at - last.at < seconds(1) && last.userName === failure.userName) last.count += failure.count
  else source.failures.push(failure)
  if (source.failures.length > maxEntries) source.failures.shift()
}

const sum = (failures: { count: number }[]): number => failures.reduce((total, failure) => total + failure.count, 0)
