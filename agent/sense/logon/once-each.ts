import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { localSource } from './address.ts'
import type { WindowsLogon } from './windows-event.ts'

/** Between the two there are milliseconds. */
const togetherMs = seconds(2)
/** Of a flood each line counts by itself: there it matters little. */
const maxKept = 500

interface Kept {
  logon: WindowsLogon
  forget: Cancel
}

/**
 * Where a machine checks a password itself (a domain controller; any, for users of its own), a wrong one is told twice: by the check (4776;
 * 4771 from the machine itself), which knows no address, and by the log-on that failed (4625), which does. A check waits for its log-on,
 * and counts only where none comes.
 */
export class OnceEach {
  readonly #time: Time
  readonly #take: (logon: WindowsLogon) => void
  readonly #checks = new Set<Kept>()
  readonly #logons = new Set<Kept>()

  constructor(time: Time, take: (logon: WindowsLogon) => void) {
    this.#time = time
    this.#take = take
  }

  take(logon: WindowsLogon): void {
    // What failed before it came before it.
    if (logon.line.outcome !== 'failed') this.stop()
    if (logon.line.outcome === 'failed' && isCheck(logon)) this.#wait(logon)
    else this.#told(logon)
  }

  /** Whatever still waits counts. */
  stop(): void {
    for (const { logon, forget } of this.#checks) {
      forget()
      this.#take(logon)
    }
    for (const { forget } of this.#logons) forget()
    this.#checks.clear()
    this.#logons.clear()
  }

  #told(logon: WindowsLogon): void {
    const isWaitedFor = logon.line.outcome === 'failed' && logon.line.witness === 'logon'
    if (isWaitedFor && !forgotten(this.#checks, logon)) this.#keep(this.#logons, logon, () => undefined)
    this.#take(logon)
  }

  #wait(check: WindowsLogon): void {
    if (forgotten(this.#logons, check)) return
    if (this.#checks.size >= maxKept) this.#take(check)
    else this.#keep(this.#checks, check, () => this.#take(check))
  }

  #keep(among: Set<Kept>, logon: WindowsLogon, then: () => void): void {
    if (among.size >= maxKept) return
    const end = (): void => {
      among.delete(kept)
      then()
    }
    const kept: Kept = { logon, forget: this.#time.after(togetherMs, end) }
    among.add(kept)
  }
}

const isCheck = ({ line }: WindowsLogon): boolean => {
  const isOwn = line.source === localSource || line.source === '::1' || line.source.startsWith('127.')
  return line.witness === 'ntlm' || (line.witness === 'kerberos' && isOwn)
}

/** One of these tells of the same try, and is one no more. */
function forgotten(among: Set<Kept>, logon: WindowsLogon): boolean {
  for (const kept of among) {
    if (!isSame(kept.logon, logon)) continue
    kept.forget()
    return among.delete(kept)
  }
  return false
}

function isSame(one: WindowsLogon, other: WindowsLogon): boolean {
  const isAtOnce = Math.abs(one.at - other.at) <= togetherMs
  const isElsewhere = one.workstation !== '' && other.workstation !== '' && one.workstation !== other.workstation
  return isAtOnce && !isElsewhere && nameOf(one) === nameOf(other)
}

const nameOf = ({ line }: WindowsLogon): string => (line.userName ?? '').toLowerCase().replace(/@.*$/, '')
