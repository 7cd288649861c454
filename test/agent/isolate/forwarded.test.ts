import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)
const guestAddress = '10.231.99.2'

/** As container engines and firewall managers leave it: whatever comes is accepted, early and late. */
const others = `
table ip filter {
  chain FORWARD { type filter hook forward priority 0; policy accept; accept; }
  chain DOCKER-USER { type filter hook output priority 0; policy accept; accept; }
}
table inet firewalld {
  chain filter_INPUT { type filter hook input priority 10; policy accept; accept; }
  chain raw_OUTPUT { type filter hook output priority -400; policy accept; accept; }
}`

describe.skipIf(whyNoNamespaces() !== undefined || spawnSync('nsenter', ['--version']).status !== 0)(
  'a machine that carries a container, with other programs’ rules beside ours',
  () => {
    let network: Network<'collector' | 'endpoint' | 'neighbour'>
    let folder: string
    let guest: ChildProcess
    let agent: IsolatingProcess

    beforeAll(async () => {
      network = openNetwork(['collector', 'endpoint', 'neighbour'])
      folder = mkdtempSync(join(tmpdir(), 'tierline-forwarded-'))
      const { collector, endpoint, neighbour } = network.machines
      const [key, certificate] = makeCertificate()
      await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
      await listening(neighbour.spawn(node, [support('peer.ts'), 'listen', '445']))
      guest = endpoint.spawn('unshare', ['--net', 'sleep', '600'])
      const passed = [readlinkSync('/proc/self/ns/net'), endpoint.run('readlink', ['/proc/self/ns/net']).stdout.trim()]
      await until(() => !passed.includes(readlinkSync(`/proc/${guest.pid}/ns/net`)))
      endpoint.run('ip', ['link', 'add', 'veth9', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(guest.pid)])
      endpoint.run('ip', ['addr', 'add', '10.231.99.1/24', 'dev', 'veth9'])
      endpoint.run('ip', ['link', 'set', 'veth9', 'up'])
      endpoint.run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'])
      inGuest('ip', 'addr', 'add', `${guestAddress}/24`, 'dev', 'eth0')
      inGuest('ip', 'link', 'set', 'eth0', 'up')
      inGuest('ip', 'route', 'add', 'default', 'via', '10.231.99.1')
      neighbour.run('ip', ['route', 'add', '10.231.99.0/24', 'via', endpoint.ipv4])
      endpoint.run('nft', ['-f', '-'], others)
      const about = ['--dir', folder, `--ca=${certificate}`, '--collector', `${collector.ipv4} 7843`]
      agent = new IsolatingProcess(endpoint.spawn(node, [support('isolating.ts'), ...about]))
    })
    afterAll(async () => {
      await agent?.end()
      guest?.kill('SIGKILL')
      network?.close()
      rmSync(folder, { recursive: true })
    })

    const inGuest = (...command: string[]): string =>
      spawnSync('nsenter', ['-t', String(guest.pid), '-n', ...command], { encoding: 'utf8' }).stdout.trim()
    const byGuest = (): string => inGuest(node, support('peer.ts'), 'connect', network.machines.neighbour.ipv4, '445')
    const byItself = (): string => {
      const { endpoint, neighbour } = network.machines
      return endpoint.run(node, [support('peer.ts'), 'connect', neighbour.ipv4, '445']).stdout.trim()
    }

    it('cuts off what it forwards with what it sends, and gives both back', { retry: 2 }, async () => {
      await until(() => byGuest() === 'connected')
      await agent.ask('isolate')
      expect([byItself(), byGuest()]).toEqual(['ECONNREFUSED', 'no answer'])
      expect(network.machines.endpoint.run('nft', ['list', 'tables']).stdout).toContain('table inet firewalld')
      await agent.ask('release')
      expect([byItself(), byGuest()]).toEqual(['connected', 'connected'])
    })
  },
)
