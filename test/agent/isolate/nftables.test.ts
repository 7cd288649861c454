import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ended, Host } from '../../../agent/host/host.ts'
import { checkAddress } from '../../../agent/isolate/address.ts'
import { createNftables, rulesFor } from '../../../agent/isolate/firewalls/nftables.ts'

const collector = { address: '10.0.0.1', port: 7843 }
const ok: Ended = { kind: 'ended', code: 0, stdout: '', stderr: '' }
const failing = (stderr: string): Ended => ({ kind: 'ended', code: 1, stdout: '', stderr })

/** A host whose nft answers what the test says, and keeps what it was asked. */
function fakeHost(answer: (args: readonly string[], stdin: string) => Ended): Host & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    run: async (_program, args, { stdin = '' }) => {
      asked.push(stdin)
      return answer(args, stdin)
    },
  }
}

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
    const rules = rulesFor([
      { address: '10.0.0.1', port: 7843, family: 4 },
      { address: 'fd00::1', port: 7843, family: 6 },
    ])
    expect(rules).toContain('ip saddr 10.0.0.1 tcp sport 7843 tcp flags & (syn | ack) != syn accept')
    expect(rules).toContain('ip daddr 10.0.0.1 tcp dport 7843 accept')
    expect(rules).toContain('ip6 saddr fd00::1 tcp sport 7843')
    expect(rules).toContain('ip6 daddr fd00::1 tcp dport 7843 accept')
    expect(rules.match(/policy drop/g)).toHaveLength(3)
  })
})

describe('nftables', () => {
  it('adds in one go, and replaces in one go when the table is there', async () => {
    const host = fakeHost((_args, stdin) => (stdin.startsWith('create') ? failing('Error: File exists') : ok))
    await createNftables(host).apply([collector])
    expect(host.asked).toHaveLength(2)
    expect(host.asked[1]).toMatch(/^add table inet tierline\ndelete table inet tierline\ncreate table inet tierline\n/)
  })

  it('throws when nft takes neither', async () => {
    await expect(createNftables(fakeHost(() => failing('Error: syntax'))).apply([collector])).rejects.toThrow(
      'nft did not take the isolation rules: Error: syntax',
    )
  })

  it('asks nft for nothing when no address is fit', async () => {
    const host = fakeHost(() => ok)
    await expect(createNftables(host).apply([{ address: 'evil; accept', port: 1 }])).rejects.toThrow('no address of the collector')
    expect(host.asked).toEqual([])
  })

  it.each<[string, Ended, string]>([
    ['nft is missing', { kind: 'missing', program: 'nft' }, 'nft was not found'],
    ['it may not', failing('netlink: Error: cache initialization failed: Operation not permitted'), 'does not run as root'],
    ['the kernel can’t', failing('Error: Could not process rule: Not supported'), 'Not supported'],
    ['nft hangs', { kind: 'timed-out', program: 'nft', timeoutMs: 5_000 }, 'longer than 5000 ms'],
  ])('is not ready when %s, and says so', async (_when, ended, reason) => {
    expect(await createNftables(fakeHost(() => ended)).readiness()).toEqual({ isReady: false, reason: expect.stringContaining(reason) })
  })

  it('tells "no rules" from "nft failed"', async () => {
    const gone = createNftables(fakeHost(() => failing('Error: No such file or directory')))
    expect(await gone.snapshot()).toBeUndefined()
    await expect(createNftables(fakeHost(() => failing('Error: busy'))).snapshot()).rejects.toThrow('busy')
  })
})
