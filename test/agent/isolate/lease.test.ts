import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { usualIsolation } from '#shared/domain/isolation-settings.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import { type Isolation, openIsolation } from '../../../agent/isolate/isolate.ts'
import { beginLease, carriedOn, isOver, readUptime, spentOf, type Uptime } from '../../../agent/isolate/lease.ts'
import type { Happening } from '../../../agent/signal/signal.ts'
import { FakeTime } from '../../support/fake-time.ts'

describe('a lease', () => {
  it('is over after its time, of which only what this boot and those before were up is counted', () => {
    const lease = beginLease(hours(2), { boot: 'a', ms: hours(5) })
    expect(isOver(lease, { boot: 'a', ms: hours(7) - 1 })).toBe(false)
    expect(isOver(lease, { boot: 'a', ms: hours(7) })).toBe(true)
    const kept = carriedOn(lease, { boot: 'a', ms: hours(6) })
    expect(kept && spentOf(kept, { boot: 'b', ms: minutes(30) })).toBe(hours(1) + minutes(30))
  })

  it('never ends early, however often it is kept and the machine starts anew (property)', () => {
    const steps = fc.array(fc.record({ upMs: fc.nat(hours(1)), isReboot: fc.boolean(), isKept: fc.boolean() }), { maxLength: 40 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: hours(20) }), steps, (ms, taken) => {
        let now: Uptime = { boot: '0', ms: 0 }
        let lease = beginLease(ms, now)
        let trueMs = 0
        for (const [at, { upMs, isReboot, isKept }] of taken.entries()) {
          if (isReboot) now = { boot: String(at + 1), ms: 0 }
          now = { ...now, ms: now.ms + upMs }
          trueMs += upMs
          expect(spentOf(lease, now)).toBeLessThanOrEqual(trueMs)
          // Whatever looks after it does so every two seconds, at a start as well.
          if (isKept || isReboot) lease = carriedOn(lease, now) ?? lease
        }
      }),
    )
  })

  it.skipIf(process.platform !== 'linux')('counts by the kernel’s time since boot', async () => {
    const [one, other] = [readUptime(), readUptime()]
    expect(one?.boot).toMatch(/^[0-9a-f-]{36}$/)
    expect([other?.boot, Number(other?.ms) >= Number(one?.ms)]).toEqual([one?.boot, true])
  })
})

describe('an isolation whose policy gives it six hours', () => {
  let folder: string
  let rules: string | undefined
  let now: Uptime
  let time: FakeTime
  let happened: Happening[]
  let isolation: Isolation
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tierline-lease-'))
    rules = undefined
    now = { boot: 'a', ms: 1_000 }
    happened = []
    await begin(6)
    const isolating = isolation.isolate('command-1')
    await vi.waitFor(() => expect(rules).toBeDefined())
    await overIn(isolating)
  })
  afterEach(async () => {
    await Promise.all([isolation.stop(), time.advance(20_000)])
    await rm(folder, { recursive: true })
  })

  /** Its time passes until it is done: what it waits for on disk may come late. */
  async function overIn(work: Promise<unknown>): Promise<void> {
    let isOver = false
    void work.finally(() => {
      isOver = true
    })
    await vi.waitFor(
      async () => {
        await time.advance(1_000)
        expect(isOver).toBe(true)
      },
      { timeout: 20_000 },
    )
  }

  /** The process is new, and so is all that it remembers. */
  async function begin(leaseHours: number | null): Promise<void> {
    time = new FakeTime()
    isolation = await openIsolation({
      ...{
        dir: folder,
        isAllowed: true,
        ca: '',
        time,
        isConnected: () => true,
        findPlaces: async () => [],
        log: pino({ level: 'silent' }),
      },
      ...{ collectorAddresses: async () => [{ address: '127.0.0.1', port: 1 }], append: async () => 1, uptime: () => now },
      happened: async (event) => void happened.push(event),
      settings: () => ({ ...usualIsolation, leaseHours }),
      firewall: {
        ...{ name: 'fake', readiness: async () => ({ isReady: true }), hold: async () => undefined, isHeld: () => true },
        ...{ letGo: async () => undefined, isOutgrown: () => false, saved: () => ({}), watch: () => () => undefined },
        apply: async () => {
          rules = 'rules'
        },
        remove: async () => {
          rules = undefined
        },
        snapshot: async () => rules,
      },
    })
  }
  async function killedAndBack(leaseHours: number | null): Promise<void> {
    await Promise.all([isolation.stop(), time.advance(20_000)])
    await begin(leaseHours)
    await Promise.all([isolation.reapply(), time.advance(20_000)])
  }
  const passed = async (ms: number): Promise<void> => {
    now = { ...now, ms: now.ms + ms }
    await time.advance(4_000)
  }

  it('opens by itself then, not before, and says so', async () => {
    await passed(hours(6) - minutes(1))
    expect(rules).toBe('rules')
    await passed(minutes(2))
    expect([rules, isolation.status().actual]).toEqual([undefined, 'open'])
    expect(happened).toContainEqual(expect.objectContaining({ kind: 'security.isolation.lease-ended', facts: { leaseHours: 6 } }))
  })

  it('doesn’t open because the clock was set ahead, nor stay because it was set back', async () => {
    time.jump(hours(24 * 365))
    await passed(hours(5))
    expect(rules).toBe('rules')
    time.jump(-hours(24 * 900))
    await passed(hours(2))
    expect(rules).toBeUndefined()
  })

  it('keeps its time over a killed agent, also where the policy says otherwise by then', async () => {
    await passed(hours(3))
    now = { ...now, ms: now.ms + hours(2) }
    await killedAndBack(null)
    expect(rules).toBe('rules')
    await passed(hours(1))
    expect(rules).toBeUndefined()
  })

  it('counts on after a start of the machine, without the time it was off', async () => {
    await passed(hours(4))
    now = { boot: 'b', ms: minutes(1) }
    time.jump(hours(48))
    await killedAndBack(6)
    await passed(hours(1))
    expect([rules, JSON.parse(await readFile(join(folder, 'isolation.json'), 'utf8')).lease.boot]).toEqual(['rules', 'b'])
    await passed(hours(1))
    expect(rules).toBeUndefined()
  })
})
