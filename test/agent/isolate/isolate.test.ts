import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { IsolationReadiness } from '#shared/domain/endpoint.ts'
import type { Firewall } from '../../../agent/isolate/firewalls/firewall.ts'
import { type IsolationParts, openIsolation } from '../../../agent/isolate/isolate.ts'
import type { Happening } from '../../../agent/signal/signal.ts'
import { FakeTime } from '../../support/fake-time.ts'

let folder: string
let happened: Happening[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-isolate-'))
  happened = []
})
afterEach(() => rm(folder, { recursive: true }))

function fakeFirewall(): Firewall & { rules: string | undefined } {
  const firewall = {
    name: 'fake',
    rules: undefined as string | undefined,
    readiness: async (): Promise<IsolationReadiness> => ({ isReady: true }),
    apply: async (addresses: readonly { address: string }[]) => {
      firewall.rules = `rules for ${addresses.map(({ address }) => address).join()}`
    },
    remove: async () => {
      firewall.rules = undefined
    },
    hold: async () => undefined,
    isHeld: () => true,
    letGo: async () => undefined,
    isOutgrown: () => false,
    saved: () => ({ 'rules.nft': 'rules' }),
    watch: () => () => undefined,
    snapshot: async () => firewall.rules,
  }
  return firewall
}

function parts(more: Partial<IsolationParts>): IsolationParts {
  return {
    dir: folder,
    firewall: fakeFirewall(),
    isAllowed: true,
    ca: '',
    collectorAddresses: async () => [{ address: '127.0.0.1', port: 1 }],
    happened: async (event) => void happened.push(event),
    append: async () => 1,
    // Whom this machine happens to know may never answer on a clock that stands.
    findPlaces: async () => [],
    time: new FakeTime(),
    log: pino({ level: 'silent' }),
    ...more,
  }
}

describe('isolation', () => {
  it('that is switched off refuses, says why, and raises nothing', async () => {
    const firewall = fakeFirewall()
    const isolation = await openIsolation(parts({ firewall, isAllowed: false, reason: 'off (local trial)' }))
    expect(await isolation.isolate('command-1')).toMatchObject({
      actual: 'refused',
      readiness: { isReady: false, reason: 'off (local trial)' },
    })
    expect([firewall.rules, happened]).toEqual([undefined, []])
  })

  it.each([
    ['where there is no firewall for this system', { firewall: undefined }, 'operating system'],
    ['when the collector’s address is unknown', { collectorAddresses: async () => [] }, 'no address'],
    ['when the collector’s name does not resolve', { collectorAddresses: () => Promise.reject(new Error('ENOTFOUND')) }, 'no address'],
  ])('refuses %s, and that is a critical signal', async (_when, more, reason) => {
    const isolation = await openIsolation(parts(more))
    expect((await isolation.isolate('command-1')).actual).toBe('refused')
    expect(happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical', summary: expect.stringContaining(reason) }])
  })

  it('that the firewall does not take is failed, wanted all the same, and tried again', async () => {
    const time = new FakeTime()
    const firewall = fakeFirewall()
    const { apply } = firewall
    firewall.apply = () => Promise.reject(new Error('nft is busy'))
    const isolation = await openIsolation(parts({ firewall, time }))
    expect(await isolation.isolate('command-1')).toMatchObject({ actual: 'failed', detail: 'nft is busy' })
    expect(JSON.parse(await readFile(join(folder, 'isolation.json'), 'utf8'))).toMatchObject({ want: 'isolated', commandId: 'command-1' })

    firewall.apply = apply
    await time.advance(2_000)
    expect(firewall.rules).toBe('rules for 127.0.0.1')
    const stopping = isolation.stop()
    await time.advance(5_000)
    await stopping
  })

  it.skipIf(process.platform === 'win32')('waits for no disk, and is not said before the wish is on it', async () => {
    const firewall = fakeFirewall()
    const time = new FakeTime()
    const isolation = await openIsolation(parts({ firewall, time }))
    // Whoever opens it waits until somebody reads it.
    execFileSync('mkfifo', [join(folder, 'isolation.json.new')])
    const isolating = isolation.isolate('command-1')
    await vi.waitFor(() => expect(firewall.rules).toBeDefined())
    await time.advance(30_000)
    expect(isolation.status().actual).toBe('isolating')
    const reading = open(join(folder, 'isolation.json.new'), 'r')
    await vi.waitFor(async () => {
      await time.advance(1_000)
      expect(isolation.status().actual).not.toBe('isolating')
    })
    await Promise.all([isolating, time.advance(30_000)])
    await Promise.all([isolation.stop(), (await reading).close(), time.advance(20_000)])
  })

  it('released before it was ever isolated is open', async () => {
    const isolation = await openIsolation(parts({}))
    expect((await isolation.release('command-1')).actual).toBe('open')
  })

  it.each([
    ['a damaged journal', () => writeFile(join(folder, 'isolation.json'), '{"want":')],
    ['no journal, because the disk was full or somebody threw it away,', async () => undefined],
  ])('with %s goes by the rules that stand, and lets the collector’s addresses of now through', async (_which, damage) => {
    await damage()
    const firewall = fakeFirewall()
    firewall.rules = 'rules'
    const isolation = await openIsolation(parts({ firewall }))
    await isolation.reapply()
    expect([isolation.status().actual, firewall.rules]).toEqual(['isolating', 'rules for 127.0.0.1'])
    await isolation.stop()
  })

  it('stays over a restart also when its wish could not be written', async () => {
    const firewall = fakeFirewall()
    const time = new FakeTime()
    const isolation = await openIsolation(parts({ firewall, time, findPlaces: async () => [] }))
    await mkdir(join(folder, 'isolation.json.new'))
    const isolating = isolation.isolate('command-1')
    await vi.waitFor(() => expect(firewall.rules).toBeDefined())
    // Killed here: nothing of the first process ends cleanly.
    const again = await openIsolation(parts({ firewall }))
    await again.reapply()
    expect([again.status().actual, firewall.rules]).toEqual(['isolating', 'rules for 127.0.0.1'])
    await again.stop()
    await Promise.all([isolation.stop(), isolating, time.advance(20_000)])
  })

  it('lets the collector through where it has moved to, and keeps that over a restart', async () => {
    let addresses = [{ address: '192.0.2.1', port: 7843 }]
    const firewall = fakeFirewall()
    const time = new FakeTime()
    const moving = { firewall, time, isConnected: () => true, findPlaces: async () => [], collectorAddresses: async () => addresses }
    const isolation = await openIsolation(parts(moving))
    await isolation.readdress()
    expect(firewall.rules).toBeUndefined()
    const isolating = isolation.isolate('command-1')
    await vi.waitFor(() => expect(firewall.rules).toBe('rules for 192.0.2.1'))
    await Promise.all([isolating, time.advance(30_000)])

    addresses = [{ address: '192.0.2.2', port: 7843 }, ...addresses]
    await isolation.readdress()
    expect(firewall.rules).toBe('rules for 192.0.2.2,192.0.2.1')
    addresses = []
    await isolation.readdress()
    await Promise.all([isolation.stop(), time.advance(20_000)])
    const again = await openIsolation(parts({ ...moving, time: new FakeTime() }))
    await again.reapply()
    expect(firewall.rules).toBe('rules for 192.0.2.2,192.0.2.1')
    await again.stop()
  })

  it('finishes at start a release that a crash interrupted', async () => {
    const wish = { v: 1, want: 'open', commandId: 'command-2', at: 1, addresses: [] }
    await writeFile(join(folder, 'isolation.json'), JSON.stringify(wish))
    const firewall = fakeFirewall()
    firewall.rules = 'rules'
    const isolation = await openIsolation(parts({ firewall }))
    await isolation.reapply()
    expect([isolation.status().actual, firewall.rules, await readdir(folder)]).toEqual(['open', undefined, []])
    await isolation.stop()
  })

  it('carries on with the wish that an agent before an update left, which knew of no numbers and no proof', async () => {
    const wish = { v: 1, want: 'isolated', commandId: 'command-1', at: 1, addresses: [{ address: '127.0.0.1', port: 1 }] }
    await writeFile(join(folder, 'isolation.json'), JSON.stringify(wish))
    const firewall = fakeFirewall()
    const isolation = await openIsolation(parts({ firewall, collectorAddresses: () => Promise.reject(new Error('ENOTFOUND')) }))
    await isolation.reapply()
    expect([isolation.status(), firewall.rules]).toMatchObject([
      { actual: 'isolating', commandId: 'command-1', number: 1 },
      'rules for 127.0.0.1',
    ])
    expect(JSON.parse(await readFile(join(folder, 'isolation.json'), 'utf8'))).toMatchObject({ ...wish, at: expect.any(Number), number: 1 })
    await isolation.stop()
  })

  it('stays closed, and is looked after, over a restart of the agent on a machine that would refuse a new isolation by now', async () => {
    const wish = { v: 1, want: 'isolated', commandId: 'command-1', at: 1, addresses: [{ address: '127.0.0.1', port: 1 }], number: 3 }
    await writeFile(join(folder, 'isolation.json'), JSON.stringify(wish))
    const [firewall, time] = [fakeFirewall(), new FakeTime()]
    firewall.readiness = async () => ({ isReady: false, reason: 'guests run on this machine (vnet0)' })
    const isolation = await openIsolation(parts({ firewall, time }))
    await isolation.reapply()
    expect([isolation.status().actual, firewall.rules]).toEqual(['isolating', 'rules for 127.0.0.1'])

    // It is no new isolation that is asked for here, so there is nothing to refuse.
    const asked = isolation.isolate('command-2')
    await vi.waitFor(async () => {
      await time.advance(1_000)
      expect(isolation.status().actual).toBe('ineffective')
    })
    expect(await asked).toMatchObject({ number: 3 })
    firewall.rules = undefined
    await vi.waitFor(async () => {
      await time.advance(1_000)
      expect(firewall.rules).toBe('rules for 127.0.0.1')
    })
    await Promise.all([isolation.stop(), time.advance(20_000)])
  })

  it('that can’t be put back at a start is said, and tried until it can', async () => {
    const wish = { v: 1, want: 'isolated', commandId: 'command-1', at: 1, addresses: [{ address: '127.0.0.1', port: 1 }] }
    await writeFile(join(folder, 'isolation.json'), JSON.stringify(wish))
    const [firewall, time] = [fakeFirewall(), new FakeTime()]
    const { apply } = firewall
    firewall.apply = () => Promise.reject(new Error('nft was not found'))
    firewall.readiness = async () => ({ isReady: false, reason: 'nft was not found' })
    const isolation = await openIsolation(parts({ firewall, time }))
    await isolation.reapply()
    expect(isolation.status()).toMatchObject({ actual: 'failed', detail: 'this machine should be isolated, but nft was not found' })
    expect(happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical' }])

    firewall.apply = apply
    await vi.waitFor(async () => {
      await time.advance(1_000)
      expect(firewall.rules).toBe('rules for 127.0.0.1')
    })
    await Promise.all([isolation.stop(), time.advance(20_000)])
  })

  it('starts where the firewall can’t even be asked', async () => {
    const firewall = fakeFirewall()
    firewall.snapshot = () => Promise.reject(new Error('nft was not found'))
    firewall.readiness = async () => ({ isReady: false, reason: 'nft was not found' })
    const isolation = await openIsolation(parts({ firewall }))
    await isolation.reapply()
    expect(isolation.status()).toMatchObject({ actual: 'open', readiness: { isReady: false } })
    await isolation.stop()
  })
})
