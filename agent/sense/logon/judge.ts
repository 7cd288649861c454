import type { Severity } from '#shared/domain/severity.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import type { Happening } from '../../signal/signal.ts'
import { Attempts, failuresOf, failuresWithin, type Source, userNamesOf } from './attempts.ts'
import { BoundedMap } from './bounded-map.ts'
import { Crowd } from './crowd.ts'
import { type LogonLine, readLogonLine } from './read-line.ts'
import { type SlowCount, SlowFailures, slowAttackOf, slowFailures } from './slow.ts'

type Event = Omit<Happening, 'detector'> & { fingerprint: string }

/** The same trouble is said again this often while it goes on. */
const sayAgainAfterMs = minutes(10)
/**
 * How many failures of one source are an attack, within a minute and within ten; after how many a success is one, from outside or
 * under how many names; from how many names on somebody tries names and not passwords.
 */
export const limits = { aMinute: 10, tenMinutes: 30, beforeSuccess: 10, namesBeforeSuccess: 3, names: 5 } as const
/** Attackers choose their addresses; what was said about more than this many is forgotten, oldest first. */
const maxRemembered = 1_000

/** Lines in, what to say out. Keeps bounded memory and takes time as an argument: monotonic milliseconds. */
export class LogonJudge {
  readonly #attempts = new Attempts()
  readonly #slow = new SlowFailures()
  readonly #crowd = new Crowd()
  readonly #said = new BoundedMap<{ at: number }>(maxRemembered)

  take(text: string, now: number): Event[] {
    const line = readLogonLine(text)
    return line ? this.judge(line, text, now) : []
  }

  /** @param text the line as it was found, for people. */
  judge(line: LogonLine, text: string, now: number): Event[] {
    return line.outcome === 'failed' ? this.#failed(line, text, now) : this.#accepted(line, text, now)
  }

  #failed(line: LogonLine, text: string, now: number): Event[] {
    const { source, added } = this.#attempts.fail(line, text, now)
    if (added === 0) return []
    const slow = this.#slow.fail(source.source, line.userName, added, now)
    const isCrowd = source.isOutside && this.#crowd.fail(source.source, now)
    const attack = attackOf(source, now) ?? slowly(source, slow) ?? (isCrowd ? attackFrom('bruteforce', source, 'medium') : undefined)
    // Under attack most lines end here: nothing is described that isn't said.
    if (!attack || !this.#isDue(attack.fingerprint, now)) return []
    return [describe(attack, source, slow, this.#attempts.failing(now))]
  }

  #accepted(line: LogonLine, text: string, now: number): Event[] {
    const source = this.#attempts.get(line.source, now)
    const slow = this.#slow.get(source.source)
    const event = success(source, slow, line.userName, text)
    this.#attempts.forgive(source, line.userName)
    this.#slow.forgive(source.source, line.userName)
    return event && this.#isDue(event.fingerprint, now) ? [event] : []
  }

  #isDue(fingerprint: string, now: number): boolean {
    const said = this.#said.touch(fingerprint, () => ({ at: Number.NEGATIVE_INFINITY }))
    const isDue = now - said.at >= sayAgainAfterMs
    if (isDue) said.at = now
    return isDue
  }
}

type Attack = { kind: string; severity: Severity; fingerprint: string; technique: string; isSlow: boolean }

/** The internet is one trouble per endpoint (its log-on service is open to it), each machine of ours is one of its own. */
function attackFrom(way: 'bruteforce' | 'spray', source: Source, severity: Severity, isSlow = false): Attack {
  const kind = `security.logon.${way}`
  const fingerprint = `${kind}:${source.isOutside ? 'outside' : source.source}`
  return { kind, severity, fingerprint, technique: way === 'spray' ? 'T1110.003' : 'T1110.001', isSlow }
}

/** Fast: passwords are guessed. Slow, with many names: names are, by somebody who doesn't want to be seen. */
function attackOf(source: Source, now: number): Attack | undefined {
  if (isFast(source, now)) return attackFrom('bruteforce', source, source.isOutside ? 'medium' : 'high')
  return isSpray(source, now) ? attackFrom('spray', source, 'high') : undefined
}

/** One of ours that tries one or two names all day is a job with an old password rather than an attack. */
function slowly(source: Source, slow: SlowCount): Attack | undefined {
  const way = slowAttackOf(slow)
  const isHigh = way === 'spray' || (!source.isOutside && slow.userNames.size > 2)
  return way && attackFrom(way, source, isHigh ? 'high' : 'medium', true)
}

function isFast(source: Source, now: number): boolean {
  const within = (ms: number): number => failuresWithin(source, ms, now)
  return within(seconds(10)) >= 6 || within(seconds(60)) >= limits.aMinute || within(minutes(10)) >= limits.tenMinutes
}

/** Over a minute at least: five names in five seconds are the first moments of a fast one. */
function isSpray(source: Source, now: number): boolean {
  return userNamesOf(source).length >= limits.names && now - (source.failures[0]?.at ?? now) >= minutes(1)
}

function describe({ technique, isSlow, ...attack }: Attack, source: Source, slow: SlowCount, all: Source[]): Event {
  const outside = all.filter((each) => each.isOutside)
  const inADay = `${slowFailures(slow)} sign-ins from ${source.source} failed within a day, in ${slow.byHour.size} different hours`
  return {
    ...attack,
    about: source.source,
    summary: isSlow ? inADay : `${failuresOf(source)} sign-ins from ${source.source} failed within ten minutes, under ${names(source)}`,
    facts: {
      ...{ technique, ...facts(source), failuresInADay: slowFailures(slow), isSlow },
      outsideSources: outside.slice(0, 100).map((each) => each.source),
      outsideSourceCount: outside.length,
      outsideFailures: outside.reduce((sum, each) => sum + failuresOf(each), 0),
    },
    evidence: evidence(source),
  }
}

function success(source: Source, slow: SlowCount | undefined, userName: string | undefined, line: string): Event | undefined {
  const fast = failuresOf(source)
  const isSlow = fast < limits.beforeSuccess && slow !== undefined && slowAttackOf(slow) !== undefined
  if (fast < limits.beforeSuccess && !isSlow) return undefined
  const nameCount = isSlow ? (slow?.userNames.size ?? 0) : userNamesOf(source).length
  if (!source.isOutside && nameCount < limits.namesBeforeSuccess) return undefined
  const kind = 'security.logon.success-after-failures'
  const count = isSlow && slow ? `${slowFailures(slow)} failed sign-ins within a day` : `${fast} failed sign-ins within ten minutes`
  return {
    kind,
    severity: 'high',
    about: source.source,
    fingerprint: `${kind}:${source.source}`,
    summary: `${source.source} got in after ${count}`,
    facts: { technique: 'T1110', ...facts(source), isSlow, signedInAs: userName ?? null },
    evidence: [...evidence(source), { name: 'the line that let it in', text: line.slice(0, 1_000) }],
  }
}

function facts(source: Source) {
  const userNames = userNamesOf(source)
  return {
    source: source.source,
    sourceIsOutside: source.isOutside,
    failures: failuresOf(source),
    userNames: userNames.slice(-20),
    userNameCount: userNames.length,
    programs: [...source.programs].slice(0, 10),
  }
}

const evidence = (source: Source) => [{ name: 'last lines of the log', text: source.lines.join('\n') }]

function names(source: Source): string {
  const count = userNamesOf(source).length
  return count === 1 ? 'one user name' : `${count === 0 ? 'no' : count} user names`
}
