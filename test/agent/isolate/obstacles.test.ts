import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHost, type Host } from '../../../agent/host/host.ts'
import { findObstacle } from '../../../agent/isolate/obstacles.ts'
import { systemTime } from '../../../agent/system-time.ts'

let devices: string
beforeEach(() => {
  devices = mkdtempSync(join(tmpdir(), 'tierline-obstacles-'))
  device('lo', '772')
  device('eth0', '1')
})
afterEach(() => rmSync(devices, { recursive: true }))

function device(name: string, type: string, ...files: string[]): void {
  mkdirSync(join(devices, name))
  for (const file of files) writeFileSync(join(devices, name, file), '')
  writeFileSync(join(devices, name, 'type'), `${type}\n`)
}

/** A machine that reaches these addresses by these devices. */
function find(ways: Record<string, string>, policies = ''): Promise<string | undefined> {
  const host: Host = {
    ...createHost(systemTime),
    run: async (_program, args) => {
      if (args.includes('xfrm')) return { kind: 'ended', code: 0, stdout: policies, stderr: '' }
      const way = ways[args.at(-1) ?? '']
      return { kind: 'ended', code: way ? 0 : 2, stdout: `192.0.2.1 dev ${way} src 10.0.0.2 uid 0 \\    cache\n`, stderr: '' }
    },
  }
  const addresses = Object.keys(ways).map((address) => ({ address, port: 7843 }))
  return findObstacle({ host, collectorAddresses: async () => addresses, devices })
}

describe('what stands in the way of an isolation', () => {
  it('is nothing on an ordinary machine, nor on the collector’s own', async () => {
    expect(await find({ '192.0.2.1': 'eth0' })).toBeUndefined()
    expect(await find({ '127.0.0.1': 'lo' })).toBeUndefined()
  })

  it.each([
    ['WireGuard', '65534', []],
    ['OpenVPN over Ethernet', '1', ['tun_flags']],
    ['PPP', '512', []],
  ])('is a collector that is reached through %s alone', async (_what, type, files) => {
    device('wg0', type, ...files)
    expect(await find({ '10.8.0.1': 'wg0' })).toContain('only through the tunnel wg0')
    expect(await find({ '10.8.0.1': 'wg0', '192.0.2.1': 'eth0' })).toBeUndefined()
  })

  it.skipIf(process.platform !== 'linux')('is IPsec that takes what goes to the collector, though no device says so', async () => {
    const policies = spawnSync(
      'unshare',
      [
        '--net',
        'bash',
        '-c',
        `ip xfrm policy add dir out src 10.9.0.0/24 dst 10.1.0.0/16 tmpl src 10.9.0.1 dst 192.0.2.9 proto esp mode tunnel
       ip xfrm policy add dir out src 10.9.0.0/24 dst 10.2.0.0/16; ip -o xfrm policy list dir out`,
      ],
      { encoding: 'utf8' },
    ).stdout
    if (!policies.includes('tmpl')) return console.log('IPsec is not tried: this machine or this user can lay no such policy')
    expect(await find({ '10.1.0.7': 'eth0' }, policies)).toContain('only through the tunnel of IPsec')
    expect(await find({ '10.1.0.7': 'eth0', '192.0.2.1': 'eth0' }, policies)).toBeUndefined()
    expect(await find({ '10.2.0.7': 'eth0' }, policies)).toBeUndefined()
    expect(await find({ '10.1.0.7': 'eth0' }, 'src nonsense dst 999.1.1.1/99 tmpl \n')).toBeUndefined()
  })

  it('are guests, and not what only looks like them', async () => {
    device('veth1', '1', 'brport')
    device('tap9', '1', 'tun_flags')
    expect(await find({ '192.0.2.1': 'eth0' })).toBeUndefined()
    device('macvtap0', '1', 'macvtap')
    expect(await find({ '192.0.2.1': 'eth0' })).toContain('guests run on this machine (macvtap0)')
    device('vnet0', '1', 'tun_flags', 'brport')
    expect(await find({ '192.0.2.1': 'eth0' })).toContain('guests run on this machine (macvtap0, vnet0)')
  })
})
