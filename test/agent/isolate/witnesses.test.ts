import { describe, expect, it } from 'vitest'
import { gateways6In, gatewaysIn, neighboursIn, outsideOf, peersIn } from '../../../agent/isolate/witnesses.ts'

describe('witnesses', () => {
  it('are the far ends of established connections that this machine dialled', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0200090A:C350 0300090A:01BD 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0200090A:01BB 0400090A:C351 01 00000000:00000000 00:00000000 00000000     0        0 3
   3: 0200090A:C352 0500090A:0016 06 00000000:00000000 00:00000000 00000000     0        0 4`
    expect(peersIn(table)).toEqual([{ protocol: 'tcp', address: '10.9.0.3', port: 445 }])
  })

  it('read IPv6, and IPv4 inside it', () => {
    const table = `header
   0: 770031FD000000000000000001000000:C350 770031FD000000000000000003000000:01BD 01 x
   1: 0000000000000000FFFF00000200090A:C351 0000000000000000FFFF00000300090A:0050 01 x`
    expect(peersIn(table).map(({ address, port }) => [address, port])).toEqual([
      ['fd31:77::3', 445],
      ['10.9.0.3', 80],
    ])
  })

  it('are neighbours whose entry is complete', () => {
    const table = `IP address       HW type     Flags       HW address            Mask     Device
10.9.0.1         0x1         0x2         aa:bb:cc:dd:ee:ff     *        eth0
10.9.0.9         0x1         0x0         00:00:00:00:00:00     *        eth0`
    expect(neighboursIn(table)).toEqual([{ protocol: 'udp', address: '10.9.0.1', port: 9 }])
  })

  it('are default gateways, which answer "port unreachable"', () => {
    const table = `Iface\tDestination\tGateway\tFlags\tRefCnt
eth0\t00000000\t0100090A\t0003\t0
eth0\t0000090A\t00000000\t0001\t0
eth1\t00000000\t00000000\t0001\t0`
    expect(gatewaysIn(table)).toEqual([{ protocol: 'udp', address: '10.9.0.1', port: 9 }])
  })

  it('are default gateways of IPv6, by their device where they have an address of the link alone', () => {
    const zero = '0'.repeat(32)
    const table = `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001       e0
${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003       e0
${zero} 00 ${zero} 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003       eth1
${zero} 00 ${zero} 00 fe800000000000000000000000000002 00000400 00000001 00000000 00000003       a;b
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`
    expect(gateways6In(table)).toEqual([
      { protocol: 'udp', address: 'fe80::1%e0', port: 9 },
      { protocol: 'udp', address: '2001:db8::1', port: 9 },
    ])
  })

  it('are the address beyond the site that a policy names, if it is one', () => {
    expect(outsideOf('203.0.113.7:443')).toEqual([{ protocol: 'tcp', address: '203.0.113.7', port: 443 }])
    expect(outsideOf('[2001:db8::7]:443')).toEqual([{ protocol: 'tcp', address: '2001:db8::7', port: 443 }])
    for (const said of [null, '', '999.1.1.1:1', '203.0.113.7:0', 'example.org:443', '203.0.113.7']) expect(outsideOf(said)).toEqual([])
  })

  it('are nobody where the tables are empty or something else', () => {
    expect([...peersIn(''), ...neighboursIn('nonsense\nmore nonsense')]).toEqual([])
  })
})
