import type { Cancel, Time } from '#shared/domain/time.ts'

interface Planned {
  dueAt: number
  run: () => void
}

/** Time that stands still until a test moves it. Both clocks move together; `jump` moves the wall clock alone. */
export class FakeTime implements Time {
  #now: number
  #monotonic = 0
  #planned = new Set<Planned>()
  readonly #busy = new Set<Promise<unknown>>()

  constructor(startsAt: number | string = '2026-11-23T09:00:00+01:00') {
    this.#now = typeof startsAt === 'string' ? Temporal.Instant.from(startsAt).epochMilliseconds : startsAt
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  after(ms: number, run: () => void): Cancel {
    const planned = { dueAt: this.#monotonic + Math.max(0, ms), run }
    this.#planned.add(planned)
    return () => void this.#planned.delete(planned)
  }

  /** Moves on, running what comes due in its order and letting each finish what it started. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (let next = this.#nextUntil(end); next; next = this.#nextUntil(end)) {
      this.#moveTo(next.dueAt)
      this.#planned.delete(next)
      next.run()
      await this.#settled()
    }
    this.#moveTo(end)
    await this.#settled()
  }

  /** Time doesn't move on before this work is done: what a database answers takes more than a few turns. */
  waitsFor<Result>(work: Promise<Result>): Promise<Result> {
    const done = work.finally(() => this.#busy.delete(done))
    this.#busy.add(done)
    return done
  }

  /** Somebody set the machine's clock; nothing runs. */
  jump(ms: number): void {
    this.#now += ms
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }

  /** Long enough for promises, for sockets of this process that have something to say now, and for what is waited for. */
  async #settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#busy)
      for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done))
    } while (this.#busy.size > 0)
  }

  #nextUntil(end: number): Planned | undefined {
    return [...this.#planned].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt)[0]
  }
}
