import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Machine, type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const peer = join(import.meta.dirname, '../../support/peer.ts')
const guestAddress = '10.231.77.99'

/** As a host of virtual machines has it: its cable and its guest are ports of one bridge, which has its own address. */
const bridging = (own: string, guestPid: number): string[] => [
  'link add br9 type bridge',
  `link add tap9 type veth peer name eth0 netns ${guestPid}`,
  'link set tap9 master br9 up',
  'addr flush dev eth0',
  'link set eth0 master br9',
  `addr add ${own}/24 dev br9`,
  'link set br9 up',
]

describe.skipIf(whyNoNamespaces() !== undefined || spawnSync('nsenter', ['--version']).status !== 0)(
  'a machine whose guest is bridged',
  () => {
    let network: Network<'collector' | 'endpoint' | 'neighbour'>
    let folder: string
    let agent: IsolatingProcess
    const children: ChildProcess[] = []
    const within = (...command: string[]): string[] => ['-t', String(children[0]?.pid), '-n', ...command]

    beforeAll(async () => {
      network = openNetwork(['collector', 'endpoint', 'neighbour'])
      folder = mkdtempSync(join(tmpdir(), 'tierline-bridged-'))
      const { collector, endpoint, neighbour } = network.machines
      const [key, certificate] = makeCertificate()
      await listening(collector.spawn(node, [peer, 'listen', '7843', key, certificate]))
      await listening(neighbour.spawn(node, [peer, 'listen', '445']))
      await bridgeGuest(endpoint)
      const guest = spawn('nsenter', within(node, peer, 'listen', '3389'))
      children.push(guest)
      await listening(guest)
      const about = ['--dir', folder, `--ca=${certificate}`, '--collector', `${collector.ipv4} 7843`]
      agent = new IsolatingProcess(endpoint.spawn(node, [join(import.meta.dirname, '../../support/isolating.ts'), ...about]))
    })
    afterAll(async () => {
      await agent?.end()
      for (const child of children) child.kill('SIGKILL')
      network?.close()
      rmSync(folder, { recursive: true })
    })

    async function bridgeGuest(endpoint: Machine): Promise<void> {
      const guest = endpoint.spawn('unshare', ['--net', 'sleep', '600'])
      children.push(guest)
      const passed = [readlinkSync('/proc/self/ns/net'), endpoint.run('readlink', ['/proc/self/ns/net']).stdout.trim()]
      await until(() => !passed.includes(readlinkSync(`/proc/${guest.pid}/ns/net`)))
      for (const line of bridging(endpoint.ipv4, Number(guest.pid))) expect(endpoint.run('ip', line.split(' '))).toMatchObject({ code: 0 })
      spawnSync('nsenter', within('ip', 'addr', 'add', `${guestAddress}/24`, 'dev', 'eth0'))
      spawnSync('nsenter', within('ip', 'link', 'set', 'eth0', 'up'))
    }

    const fromGuest = (address: string): string =>
      spawnSync('nsenter', within(node, peer, 'connect', address, '445'), { encoding: 'utf8' }).stdout.trim()
    const from = (machine: Machine, address: string, port: number): string =>
      machine.run(node, [peer, 'connect', address, String(port)]).stdout.trim()
    const ways = (): string[] => {
      const { endpoint, neighbour } = network.machines
      return [fromGuest(neighbour.ipv4), from(neighbour, guestAddress, 3389), from(endpoint, neighbour.ipv4, 445)]
    }

    it('lets no frame over its bridge while it is isolated, either way, and reaches its collector over it', { retry: 2 }, async () => {
      await until(() => fromGuest(network.machines.neighbour.ipv4) === 'connected')
      const { proof } = await agent.ask('isolate')
      expect(proof?.collectorAfterIsolation).toMatch(/^answered/)
      expect(ways()).toEqual(['no answer', 'no answer', 'ECONNREFUSED'])
      await agent.ask('release')
      expect(ways()).toEqual(['connected', 'connected', 'connected'])
    })
  },
)
