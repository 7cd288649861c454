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
function find(ways: Record<string, string>): Promise<string | undefined> {
  const host: Host = {
    ...createHost(systemTime),
    run: async (_program, args) => {
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
