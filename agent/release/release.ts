import { timingSafeEqual } from 'node:crypto'
import type { Logger } from 'pino'
import { type IsolationStatus, isClosed } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type AtMachine, readCode, releaseCodeOf, type SealedRelease } from '#shared/domain/release-code.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import type { JsonFile } from '../json-file.ts'
import type { Happening } from '../signal/signal.ts'
import type { Recipient } from './seal.ts'
import { openSecret, type Secret } from './secret.ts'
import { type Door, lockedUntil, mostWrong, oneMoreWrong, wrongLately } from './tries.ts'

/*
 * Opens this machine by a code, without its collector. Enters: who may open sealed copies of the release secret; isolations, as they
 * come about; what somebody at the machine types. Leaves: numbers of isolations, sealed copies, an open machine, and a report of every
 * try that arrives once the collector is back. Promises: a code opens one isolation of this machine, once; a wrong one is counted on
 * disk before it is answered, and after five within an hour at one door nothing typed there is looked at. On failure of the disk: a
 * right code opens all the same, a wrong one is answered as locked. Threat: who guesses; who has heard another machine's or an earlier
 * code; a program in a user's name that uses up the tries.
 */

export type Answer =
  | { kind: 'released' }
  | { kind: 'wrong'; left: number }
  | { kind: 'locked'; until: number }
  | { kind: 'no-code' | 'not-isolated' | 'no-secret' }
  | { kind: 'not-opened'; detail: string }

export interface ReleaseParts {
  file: JsonFile
  endpointId: string
  recipients(): readonly Recipient[]
  isolation(): { status(): IsolationStatus; release(commandId: string): Promise<IsolationStatus> }
  happened(event: Happening): Promise<void>
  append(lane: Lane, body: RecordBody): Promise<number>
  time: Time
  log: Logger
}

export interface Release {
  sealed(): SealedRelease | undefined
  /** Who may open copies may have changed. @returns whether there are others now. */
  reseal(): Promise<boolean>
  /** Of the isolation that begins now. */
  nextNumber(): number
  /** An isolation came about, or ended. */
  changed(status: IsolationStatus): void
  type(text: string, door: Door): Promise<Answer>
}

export async function openRelease(parts: ReleaseParts): Promise<Release> {
  const release = new CodeRelease(parts, await openSecret(parts))
  return release
}

class CodeRelease implements Release {
  readonly #parts: ReleaseParts
  readonly #secret: Secret
  #number: number
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: ReleaseParts, secret: Secret) {
    this.#parts = parts
    this.#secret = secret
    this.#number = secret.kept().number
  }

  sealed(): SealedRelease | undefined {
    return this.#secret.sealed()
  }

  reseal(): Promise<boolean> {
    return this.#inTurn(() => {
      const { recipients, isolation } = this.#parts
      return this.#secret.sealFor(recipients(), isClosed(isolation().status().actual))
    })
  }

  /** Not on disk yet: the wish of this isolation holds it, and an attack waits for nothing more. */
  nextNumber(): number {
    this.#number += 1
    return this.#number
  }

  changed({ actual, number = 0 }: IsolationStatus): void {
    this.#number = Math.max(this.#number, number)
    if (actual === 'isolating' || this.#number === this.#secret.kept().number) return
    const kept = this.#number
    void this.#inTurn(() => this.#secret.keep({ number: kept })).catch((error: unknown) => this.#said(error))
  }

  type(text: string, door: Door): Promise<Answer> {
    return this.#inTurn(() => this.#type(text, door))
  }

  async #type(text: string, door: Door): Promise<Answer> {
    const { isolation, time, endpointId } = this.#parts
    const status = isolation().status()
    if (status.actual === 'open' || status.actual === 'refused') return { kind: 'not-isolated' }
    if (!this.#secret.sealed() || status.number === undefined) return { kind: 'no-secret' }
    const until = lockedUntil(this.#secret.kept().wrong, door, time.now())
    if (until !== undefined) return { kind: 'locked', until }
    const code = readCode(text)
    if (code === undefined) return { kind: 'no-code' }
    const right = await releaseCodeOf(Buffer.from(this.#secret.kept().secret, 'base64url'), endpointId, status.number)
    return timingSafeEqual(Buffer.from(code), Buffer.from(right)) ? this.#open(status, status.number) : this.#wrong(status, door)
  }

  /** Its number is on disk as used before the machine is open, as far as the disk takes anything. */
  async #open({ commandId = '' }: IsolationStatus, number: number): Promise<Answer> {
    await this.#secret.keep({ number: Math.max(number, this.#number) }).catch((error: unknown) => this.#said(error))
    const status = await this.#parts.isolation().release(commandId)
    await this.#report(status, { event: 'code-right', number }, 'high', 'somebody at the machine ended the isolation by a release code')
    return status.actual === 'open' ? { kind: 'released' } : { kind: 'not-opened', detail: status.detail ?? '' }
  }

  async #wrong(status: IsolationStatus, door: Door): Promise<Answer> {
    const { time } = this.#parts
    const now = time.now()
    const wrong = oneMoreWrong(this.#secret.kept().wrong, door, now)
    const isKept = await this.#secret.keep({ wrong }).then(
      () => true,
      (error: unknown) => this.#said(error),
    )
    const count = wrongLately(wrong, door, now).length
    const until = lockedUntil(wrong, door, now)
    const event = until === undefined ? 'code-wrong' : 'code-locked'
    const said = until === undefined ? 'a wrong release code was typed' : `${mostWrong} wrong release codes were typed within an hour`
    await this.#report(status, { event, number: status.number ?? 0, wrong: count }, until === undefined ? 'medium' : 'high', said)
    if (!isKept || until !== undefined) return { kind: 'locked', until: until ?? now }
    return { kind: 'wrong', left: mostWrong - count }
  }

  /** As a signal, which opens a ticket; and on the timeline of the ticket that isolated it. */
  async #report(status: IsolationStatus, atMachine: AtMachine, severity: Happening['severity'], summary: string): Promise<void> {
    const { happened, append, time } = this.#parts
    const { event, number, wrong } = atMachine
    const facts = {
      ...(event === 'code-right' ? {} : { technique: 'T1110' }),
      isolation: number,
      ...(wrong !== undefined && { wrongWithinTheHour: wrong }),
    }
    const kind = `security.isolation.${event}`
    const about = { kind, fingerprint: `isolation.${event}`, about: String(number), severity, summary, facts, detector: 'release' }
    await happened(about).catch((error: unknown) => this.#said(error))
    const record = recordOf(status, atMachine, time.now())
    if (record) await append('security', record).catch((error: unknown) => this.#said(error))
  }

  #said(error: unknown): false {
    this.#parts.log.error({ reason: sentenceOf(error) }, 'what the release by code left could not be kept')
    return false
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

/** A later result of the command that isolated it; undefined where no command is known. */
export function recordOf(status: IsolationStatus, atMachine: AtMachine, now: number): RecordBody | undefined {
  const { commandId = '' } = status
  if (commandId === '') return undefined
  const about = { v: 1, type: 'result', commandId, verb: 'isolate-host', outcome: 'succeeded' } as const
  const detail = `at the machine: ${atMachine.event}`
  return { ...about, startedAt: null, finishedAt: Math.floor(now), detail, isolation: status, atMachine }
}
