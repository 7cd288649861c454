import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { Language } from '#shared/domain/language.ts'
import { type Cancel, minutes, type Time } from '#shared/domain/time.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { Host } from '../host/host.ts'
import type { JsonFile } from '../json-file.ts'
import { recordOf } from './release.ts'
import { findDesktops, type Session, type Told, takeFileBack, tellByFile, tellDesktop, tellTerminals } from './screens.ts'
import { screenWords } from './words/words.ts'

/*
 * The person at the machine is told. Enters: what becomes of the isolation; whom to call, as the order to isolate said last. Leaves:
 * a line at every terminal, a greeting at log-on, a notice on every desktop (also of whoever signs in later), and a file; taken back
 * when the machine is open. Promises: nothing here holds up an isolation: it begins once the rules stand and were tried. On failure of
 * a way: the others go on, and the ticket says which reached nobody. Threat: text from elsewhere that moves the cursor of a terminal
 * or becomes an argument; a collector that is taken over may name a telephone of its own, which no machine can tell.
 */

export interface TellingParts {
  host: Host
  /** What it remembers over restarts. */
  file: JsonFile
  /** Where anybody may read; the file goes there. */
  folder: string
  /** Undefined: no greeting at log-on. */
  motdFolder: string | undefined
  append(lane: Lane, body: RecordBody): Promise<number>
  time: Time
  log: Logger
}

export interface About {
  callWhom?: readonly string[] | undefined
  language?: Language | undefined
}

export interface Telling {
  /** As an order said; what it doesn't say stays. */
  about(about: About): void
  changed(status: IsolationStatus): void
  stop(): Promise<void>
}

const Kept = z.object({ callWhom: z.array(z.string()), language: Language, told: z.number().int() })
type Kept = z.infer<typeof Kept>

/** What a person types; the agent's own verb. */
const type = 'tierline-agent release CODE'
/** A terminal would obey control characters; format characters turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const sessionsEveryMs = minutes(1)
/** The rules stand, and were tried. */
const closed: ReadonlySet<string> = new Set(['isolated', 'unproven', 'ineffective'])

export async function openTelling(parts: TellingParts): Promise<Telling> {
  const found = await parts.file.read()
  const kept = found.kind === 'value' ? Kept.safeParse(found.value).data : undefined
  return new Screens(parts, kept ?? { callWhom: [], language: 'en', told: 0 })
}

class Screens implements Telling {
  readonly #parts: TellingParts
  #kept: Kept
  /** Number of the isolation that this process has told of. */
  #shown: number | undefined
  readonly #sessions = new Set<string>()
  #nextLook: Cancel | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: TellingParts, kept: Kept) {
    this.#parts = parts
    this.#kept = kept
  }

  about({ callWhom, language }: About): void {
    const lines = callWhom?.map((line) => line.replace(unprintable, ' ').slice(0, 120))
    this.#kept = { ...this.#kept, ...(lines && { callWhom: lines }), ...(language && { language }) }
  }

  changed(status: IsolationStatus): void {
    const { actual, number = 0 } = status
    if (closed.has(actual) && this.#shown !== number) {
      this.#shown = number
      this.#later(() => this.#tell(status, number))
    }
    if (actual === 'open' && (this.#shown !== undefined || this.#kept.told > 0)) {
      this.#shown = undefined
      this.#nextLook?.()
      this.#later(() => this.#takeBack())
    }
  }

  async stop(): Promise<void> {
    this.#nextLook?.()
    await this.#turn
  }

  /** Whoever was told before a restart isn't called again; what stands in files is put back. */
  async #tell(status: IsolationStatus, number: number): Promise<void> {
    const { host, file, append, time } = this.#parts
    const isNew = this.#kept.told !== number
    const lines = this.#lines(number)
    const told = [await tellByFile('motd', this.#motd(), lines), await tellByFile('file', this.#note(), lines)]
    if (isNew) told.push(await tellTerminals(host, lines))
    told.push(...(await this.#tellDesktops(lines)))
    this.#lookAgain(lines)
    this.#kept = { ...this.#kept, told: number }
    await file.write(this.#kept)
    const record = isNew ? recordOf(status, { event: 'told', number, ...split(told) }, time.now()) : undefined
    if (record) await append('security', record)
  }

  async #takeBack(): Promise<void> {
    const { host, file } = this.#parts
    await takeFileBack(this.#motd())
    await takeFileBack(this.#note())
    const { open, openTitle } = screenWords[this.#kept.language]
    await tellTerminals(host, open)
    await this.#eachDesktop((session) => tellDesktop(host, session, openTitle, open))
    this.#sessions.clear()
    this.#kept = { ...this.#kept, told: 0 }
    await file.write(this.#kept)
  }

  /** Those it hasn't told of this isolation. */
  #tellDesktops(lines: readonly string[]): Promise<Told[]> {
    const { title } = screenWords[this.#kept.language]
    return this.#eachDesktop(async (session) => {
      if (this.#sessions.has(session.id)) return undefined
      const told = await tellDesktop(this.#parts.host, session, title, lines)
      if (told.missed === undefined) this.#sessions.add(session.id)
      return told
    })
  }

  async #eachDesktop(tell: (session: Session) => Promise<Told | undefined>): Promise<Told[]> {
    const sessions = await findDesktops(this.#parts.host)
    if (typeof sessions === 'string') return [{ way: 'desktop', missed: sessions }]
    if (sessions.length === 0) return [{ way: 'desktop', missed: 'nobody sits before one' }]
    return (await Promise.all(sessions.map(tell))).flatMap((told) => told ?? [])
  }

  /** Whoever signs in later wants to know as well. */
  #lookAgain(lines: readonly string[]): void {
    this.#nextLook?.()
    this.#nextLook = this.#parts.time.after(sessionsEveryMs, () => {
      this.#later(async () => {
        if (this.#shown === undefined) return
        await this.#tellDesktops(lines)
        this.#lookAgain(lines)
      })
    })
  }

  #lines = (number: number): string[] => screenWords[this.#kept.language].cutOff({ number, callWhom: this.#kept.callWhom, type })
  #motd = (): string | undefined => this.#parts.motdFolder && join(this.#parts.motdFolder, 'tierline')
  #note = (): string => join(this.#parts.folder, 'isolated.txt')

  #later(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#parts.log.error({ reason: sentenceOf(error) }, 'the person at this machine could not be told in every way')
    })
  }
}

function split(told: readonly Told[]): { reached: string[]; missed: string[] } {
  const reached = told.flatMap(({ way, missed }) => (missed === undefined ? [way.slice(0, 100)] : []))
  const missed = told.flatMap((each) => (each.missed === undefined ? [] : [`${each.way}: ${each.missed}`.slice(0, 200)]))
  return { reached: reached.slice(0, 10), missed: missed.slice(0, 10) }
}
