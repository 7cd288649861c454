import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ended, Host } from '../../../agent/host/host.ts'
import { checkAddress } from '../../../agent/isolate/address.ts'
import { listDevices } from '../../../agent/isolate/firewalls/devices.ts'
import type { Firewall } from '../../../agent/isolate/firewalls/firewall.ts'
import { createNftables } from '../../../agent/isolate/firewalls/nftables.ts'
import { rulesFor } from '../../../agent/isolate/firewalls/rules.ts'
import { FakeTime } from '../../support/fake-time.ts'

const collector = { address: '10.0.0.1', port: 7843 }
const ok: Ended = { kind: 'ended', code: 0, stdout: '', stderr: '' }
const ours: Ended = { ...ok, stdout: 'table inet tierline {\n\tcomment "Tierline isolation"\n}\n' }
const foreign: Ended = { ...ok, stdout: 'table inet tierline {\n}\n' }
const failing = (stderr: string): Ended => ({ kind: 'ended', code: 1, stdout: '', stderr })

/** A host whose nft answers what the test says, and keeps what it was asked. */
function fakeHost(answer: (args: readonly string[], stdin: string) => Ended): Host & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    inFront: (start) => start(),
    ahead: (start) => start(),
    converse: () => ({ say: () => undefined, end: async () => undefined }),
    run: async (_program, args, { stdin = '' }) => {
      asked.push(stdin)
      return answer(args, stdin)
    },
  }
}

const nftables = (host: Host, devices = ['eth0']): Firewall => createNftables({ host, time: new FakeTime(), devices: () => devices })

describe('addresses that may stand in a rule', () => {
  it.each(['10.0.0.1', 'fd00::1', '::1', '2001:db8::8:800:200c:417a'])('takes %s', (address) => {
    expect(checkAddress({ address, port: 7843 })).toMatchObject({ address, port: 7843 })
  })

  it('takes a mapped IPv4 address as what it is', () => {
    expect(checkAddress({ address: '::ffff:10.0.0.1', port: 1 })).toMatchObject({ address: '10.0.0.1', family: 4 })
  })

  it.each([
    '',
    'collector.example.org',
    'fe80::1%eth0',
    '10.0.0.1 accept',
    '10.0.0.0/8',
    '10.0.0.1;',
    '10.0.0.1\n',
    '{ ::/0 }',
    '010.0.0.1',
  ])('turns away %j', (address) => expect(checkAddress({ address, port: 7843 })).toBeUndefined())

  it.each([0, -1, 65_536, 1.5, Number.NaN])('turns away port %s', (port) => {
    expect(checkAddress({ address: '10.0.0.1', port })).toBeUndefined()
  })

  it('never lets anything but hexadecimal digits, dots and colons into a rule', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.ipV4(),
          fc.ipV6(),
          fc.ipV4().map((ip) => `${ip} accept`),
        ),
        (address) => {
          const checked = checkAddress({ address, port: 7843 })
          return checked === undefined || /^[0-9a-fA-F:.]+$/.test(checked.address)
        },
      ),
    )
  })
})

describe('the rules', () => {
  it('name the collector by address, protocol and port, in both directions', () => {
    const addresses = [
      { address: '10.0.0.1', port: 7843, family: 4 },
      { address: 'fd00::1', port: 7843, family: 6 },
    ] as const
    const rules = rulesFor({ table: 'tierline', addresses, devices: ['eth0', 'wlan0'] })
    expect(rules).toContain('ip saddr 10.0.0.1 tcp sport 7843 tcp flags & (syn | ack) != syn accept')
    expect(rules).toContain('ip daddr 10.0.0.1 tcp dport 7843 accept')
    expect(rules).toContain('ip6 saddr fd00::1 tcp sport 7843')
    expect(rules).toContain('ip6 daddr fd00::1 tcp dport 7843 accept')
    expect(rules.match(/policy drop/g)).toHaveLength(5)
    expect(rules).toContain('hook egress devices = { "eth0", "wlan0" }')
  })

  it('leave out the chain of devices where there are none, and name an owner only in the second copy', () => {
    const addresses = [{ address: '10.0.0.1', port: 7843, family: 4 }] as const
    expect(rulesFor({ table: 'tierline', addresses, devices: [] })).not.toContain('egress')
    expect(rulesFor({ table: 'tierline', addresses, devices: [] })).not.toContain('owner')
    expect(rulesFor({ table: 'tierline_held', addresses, devices: [] }).match(/flags owner/g)).toHaveLength(6)
  })

  it('name every device but loopback, and none whose name could be read as something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tierline-devices-'))
    try {
      for (const name of ['lo', 'wg-home', 'eth0', 'bonding_masters', 'br-1f2e.10']) await mkdir(join(folder, name))
      expect(listDevices(folder)).toEqual(['br-1f2e.10', 'eth0', 'wg-home'])
      await mkdir(join(folder, 'eth"}'))
      expect(() => listDevices(folder)).toThrow('has a name')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('nftables', () => {
  it('adds in one go, and replaces in one go when the table is there', async () => {
    const host = fakeHost((args, stdin) => (stdin.startsWith('create') ? failing('Error: File exists') : args.includes('list') ? ours : ok))
    await nftables(host).apply([collector])
    expect(host.asked.filter((asked) => asked !== '')).toHaveLength(2)
    expect(host.asked.at(-1)).toMatch(/^add table inet tierline\ndelete table inet tierline\n[\s\S]*create table inet tierline \{\n/)
  })

  it('touches nothing where a table of our name is somebody else’s', async () => {
    const host = fakeHost((args, stdin) =>
      stdin.startsWith('create') ? failing('Error: File exists') : args.includes('list') ? foreign : ok,
    )
    await expect(nftables(host).apply([collector])).rejects.toMatchObject({ code: 'firewall-foreign' })
    await expect(nftables(host).remove()).rejects.toMatchObject({ code: 'firewall-foreign' })
    expect(host.asked.filter((asked) => asked !== '')).toHaveLength(1)
    expect(await nftables(host).readiness()).toMatchObject({ isReady: false, reason: expect.stringContaining('somebody else') })
    expect(await nftables(host).snapshot()).toBeUndefined()
  })

  it('throws when nft takes neither', async () => {
    await expect(nftables(fakeHost(() => failing('Error: syntax'))).apply([collector])).rejects.toThrow(
      'nft did not take the isolation rules: Error: syntax',
    )
  })

  it('asks nft for nothing when no address is fit', async () => {
    const host = fakeHost(() => ok)
    await expect(nftables(host).apply([{ address: 'evil; accept', port: 1 }])).rejects.toThrow('no address of the collector')
    expect(host.asked).toEqual([])
  })

  it.each<[string, Ended, string]>([
    ['nft is missing', { kind: 'missing', program: 'nft' }, 'nft was not found'],
    ['it may not', failing('netlink: Error: cache initialization failed: Operation not permitted'), 'does not run as root'],
    ['the kernel can’t', failing('Error: Could not process rule: Not supported'), 'Not supported'],
    ['nft hangs', { kind: 'timed-out', program: 'nft', timeoutMs: 5_000 }, 'longer than 5000 ms'],
  ])('is not ready when %s, and says so', async (_when, ended, reason) => {
    expect(await nftables(fakeHost(() => ended)).readiness()).toEqual({ isReady: false, reason: expect.stringContaining(reason) })
  })

  it('knows whether rules can be put before their device is there, and puts none to find out', async () => {
    const asked: string[] = []
    const host = (ended: Ended): Host =>
      fakeHost((args, stdin) => {
        asked.push(`${args.join(' ')} ${stdin.includes('"tierline-absent"')}`)
        return ended
      })
    expect(await nftables(host(ok)).takesAbsentDevices?.()).toBe(true)
    expect(await nftables(host(failing('Error: No such file or directory'))).takesAbsentDevices?.()).toBe(false)
    expect(asked).toEqual(['-c -f - true', '-c -f - true'])
  })

  it('tells "no rules" from "nft failed"', async () => {
    const gone = nftables(fakeHost(() => failing('Error: No such file or directory')))
    expect(await gone.snapshot()).toBeUndefined()
    await expect(nftables(fakeHost(() => failing('Error: busy'))).snapshot()).rejects.toThrow('busy')
  })
})
