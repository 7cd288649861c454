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
      await settled()
    }
    this.#moveTo(end)
    await settled()
  }

  /** Somebody set the machine's clock; nothing runs. */
  jump(ms: number): void {
    this.#now += ms
  }

  #moveTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }

  #nextUntil(end: number): Planned | undefined {
    return [...this.#planned].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt)[0]
  }
}

/** Long enough for promises and for sockets of this process that have something to say now. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done))
}
