import type { Severity } from '#shared/domain/severity.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import type { Happening } from '../../signal/signal.ts'
import { Attempts, failuresOf, failuresWithin, type Source, userNamesOf } from './attempts.ts'
import { BoundedMap } from './bounded-map.ts'
import { type LogonLine, readLogonLine } from './read-line.ts'

type Event = Omit<Happening, 'detector'> & { fingerprint: string }

/** The same trouble is said again this often while it goes on. */
const sayAgainAfterMs = minutes(10)
/** From this many names on, somebody tries names and not passwords. */
const manyNames = 5
/** Attackers choose their addresses; what was said about more than this many is forgotten, oldest first. */
const maxRemembered = 1_000

/** Lines in, what to say out. Keeps bounded memory and takes time as an argument: monotonic milliseconds. */
export class LogonJudge {
  readonly #attempts = new Attempts()
  readonly #said = new BoundedMap<{ at: number }>(maxRemembered)

  take(text: string, now: number): Event[] {
    const line = readLogonLine(text)
    if (!line) return []
    return line.outcome === 'failed' ? this.#failed(line, text, now) : this.#accepted(line, text, now)
  }

  #failed(line: LogonLine, text: string, now: number): Event[] {
    const source = this.#attempts.fail(line, text, now)
    const attack = attackOf(source, now)
    // Under attack most lines end here: nothing is described that isn't said.
    if (!attack || !this.#isDue(attack.fingerprint, now)) return []
    return [describe(attack, source, this.#attempts.failing(now))]
  }

  #accepted(line: LogonLine, text: string, now: number): Event[] {
    const source = this.#attempts.get(line.source, now)
    const event = success(source, line.userName, text)
    this.#attempts.forgive(source, line.userName)
    return event && this.#isDue(event.fingerprint, now) ? [event] : []
  }

  #isDue(fingerprint: string, now: number): boolean {
    const said = this.#said.touch(fingerprint, () => ({ at: Number.NEGATIVE_INFINITY }))
    const isDue = now - said.at >= sayAgainAfterMs
    if (isDue) said.at = now
    return isDue
  }
}

type Attack = { kind: 'security.logon.bruteforce' | 'security.logon.spray'; severity: Severity; fingerprint: string }

/** Fast: passwords are guessed. Slow, with many names: names are, by somebody who doesn't want to be seen. */
function attackOf(source: Source, now: number): Attack | undefined {
  // The internet is one trouble per endpoint (its log-on service is open to it), each machine of ours is one of its own.
  const origin = source.isOutside ? 'outside' : source.source
  const attack = (kind: Attack['kind'], severity: Severity): Attack => ({ kind, severity, fingerprint: `${kind}:${origin}` })
  if (isFast(source, now)) return attack('security.logon.bruteforce', source.isOutside ? 'medium' : 'high')
  return isSpray(source, now) ? attack('security.logon.spray', 'high') : undefined
}

function isFast(source: Source, now: number): boolean {
  const within = (ms: number): number => failuresWithin(source, ms, now)
  return within(seconds(10)) >= 6 || within(seconds(60)) >= 10 || within(minutes(10)) >= 30
}

/** Over a minute at least: five names in five seconds are the first moments of a fast one. */
function isSpray(source: Source, now: number): boolean {
  return userNamesOf(source).length >= manyNames && now - (source.failures[0]?.at ?? now) >= minutes(1)
}

function describe(attack: Attack, source: Source, all: Source[]): Event {
  const outside = all.filter((each) => each.isOutside)
  return {
    ...attack,
    about: source.source,
    summary: `${failuresOf(source)} sign-ins from ${source.source} failed within ten minutes, under ${names(source)}`,
    facts: {
      ...facts(source),
      outsideSources: outside.slice(0, 100).map((each) => each.source),
      outsideSourceCount: outside.length,
      outsideFailures: outside.reduce((sum, each) => sum + failuresOf(each), 0),
    },
    evidence: evidence(source),
  }
}

function success(source: Source, userName: string | undefined, line: string): Event | undefined {
  if (failuresOf(source) < 10 || (!source.isOutside && userNamesOf(source).length < 3)) return undefined
  const kind = 'security.logon.success-after-failures'
  return {
    kind,
    severity: 'high',
    about: source.source,
    fingerprint: `${kind}:${source.source}`,
    summary: `${source.source} got in after ${failuresOf(source)} failed sign-ins within ten minutes`,
    facts: { ...facts(source), signedInAs: userName ?? null },
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
