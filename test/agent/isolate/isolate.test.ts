import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
    readiness: async () => ({ isReady: true }),
    apply: async () => {
      firewall.rules = 'rules'
    },
    remove: async () => {
      firewall.rules = undefined
    },
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
      actual: 'open',
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
    expect((await isolation.isolate('command-1')).actual).toBe('open')
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
    expect(firewall.rules).toBe('rules')
    const stopping = isolation.stop()
    await time.advance(5_000)
    await stopping
  })

  it('released before it was ever isolated is open', async () => {
    const isolation = await openIsolation(parts({}))
    expect((await isolation.release('command-1')).actual).toBe('open')
  })

  it('with a damaged journal goes by the rules that stand', async () => {
    await writeFile(join(folder, 'isolation.json'), '{"want":')
    const firewall = fakeFirewall()
    firewall.rules = 'rules'
    const time = new FakeTime()
    const isolation = await openIsolation(parts({ firewall, time }))
    await isolation.reapply()
    expect([isolation.status().actual, firewall.rules]).toEqual(['isolating', 'rules'])
    await isolation.stop()
  })
})
