import type { Logger } from 'pino'
import type { ActualIsolation, IsolationReadiness, IsolationStatus } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Happening } from '../signal/signal.ts'
import { isolationFailed } from './trouble.ts'

type Facts = NonNullable<IsolationStatus['proof']>

export interface StateParts {
  /** Name of the firewall, for the signal. */
  firewall: string
  isAllowed: boolean
  happened(event: Happening): Promise<void>
  /** Told of each state as it comes about; must not throw. */
  changed(status: IsolationStatus): void
  time: Time
  log: Logger
}

/** What IsolationStatus takes. */
const maxDetail = 1_000

/** What is true of the isolation now, and the telling of it: each trouble is said once, until things are well again. */
export class IsolationState {
  readonly #parts: StateParts
  #status: IsolationStatus
  #isTroubleSaid = false

  constructor(parts: StateParts) {
    this.#parts = parts
    this.#status = { actual: 'open', readiness: { isReady: false, reason: 'not looked at yet' }, since: parts.time.now() }
  }

  get firewall(): string {
    return this.#parts.firewall
  }

  get status(): IsolationStatus {
    return this.#status
  }

  ready(readiness: IsolationReadiness): void {
    this.#status = { ...this.#status, readiness }
  }

  /** A proof belongs to the state it was given with, so the next state starts without. */
  become(actual: ActualIsolation, more: Partial<Pick<IsolationStatus, 'commandId' | 'number' | 'proof' | 'detail'>>): void {
    const { proof: _earlier, ...kept } = this.#status
    const since = actual === kept.actual ? kept.since : this.#parts.time.now()
    this.#status = { ...kept, ...more, actual, since }
    if (actual === 'open' || actual === 'isolated') this.#isTroubleSaid = false
    this.#parts.log.info({ actual, ...more }, 'isolation')
    this.#parts.changed(this.#status)
  }

  /** Nothing was touched. */
  async refuse(reason: string, commandId: string): Promise<IsolationStatus> {
    this.become('refused', { commandId, detail: reason.slice(0, maxDetail) })
    // Switched off on purpose is no trouble; the refusal itself says it.
    if (this.#parts.isAllowed) await this.say(`isolation was refused: ${reason}`)
    return this.#status
  }

  async fail(reason: string, proof?: Facts): Promise<void> {
    this.become('failed', { detail: reason.slice(0, maxDetail), ...(proof && { proof }) })
    await this.sayOnce(reason, proof)
  }

  async sayOnce(summary: string, facts?: Facts): Promise<void> {
    if (!this.#isTroubleSaid) await this.say(summary, facts)
  }

  async say(summary: string, facts: Facts = {}): Promise<void> {
    this.#isTroubleSaid = true
    await this.tell(isolationFailed(this.#parts.firewall, summary, facts))
  }

  async tell(event: Happening): Promise<void> {
    await this.#parts.happened(event).catch((error: unknown) => {
      this.#parts.log.error({ err: error, summary: event.summary }, 'the trouble with the isolation could not be kept as a signal')
    })
  }
}
