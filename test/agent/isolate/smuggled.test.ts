import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)
const hasPython = spawnSync('python3', ['--version']).status === 0
const everybody = 'smuggled to everybody'

describe.skipIf(whyNoNamespaces() !== undefined || !hasPython)('an isolated machine whose root dresses up as discovery', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let agent: IsolatingProcess
  let listener: ChildProcess
  let heard: string[] = []

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-smuggled-'))
    const { collector, endpoint, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
    listener = neighbour.spawn('python3', [support('discovery.py'), 'listen'])
    if (!listener.stdout) throw new Error('no pipe')
    createInterface({ input: listener.stdout }).on('line', (line) => void heard.push(line))
    await until(() => heard.includes('listening'))
    const about = ['--dir', folder, `--ca=${certificate}`, '--collector', `${collector.ipv4} 7843`]
    agent = new IsolatingProcess(endpoint.spawn(node, [support('isolating.ts'), ...about]))
  })
  afterAll(async () => {
    await agent?.end()
    listener?.kill('SIGKILL')
    network?.close()
    rmSync(folder, { recursive: true })
  })

  /** What passed, in any order: the last is told last, but each way is read by a reader of its own. */
  async function passes(): Promise<string[]> {
    const { endpoint, neighbour } = network.machines
    heard = []
    endpoint.run('python3', [support('discovery.py'), 'send', neighbour.ipv4, neighbour.ipv6])
    await until(() => heard.includes(everybody))
    return [...heard].sort()
  }

  it('reaches nobody by it, and still asks everybody on its cable for an address', { retry: 2 }, async () => {
    const ways = ['a solicitation', 'an advertisement', 'dhcp', 'dhcpv6', 'mld'].map((way) => `smuggled by ${way}`)
    await expect.poll(passes, { timeout: 8_000 }).toEqual([...ways, everybody])
    await agent.ask('isolate')
    for (let round = 0; round < 3; round++) expect(await passes()).toEqual([everybody])
    // Whoever its cable has is still found.
    const { endpoint, collector } = network.machines
    endpoint.run('ip', ['neigh', 'flush', 'all'])
    expect(endpoint.run(node, [support('peer.ts'), 'connect', collector.ipv4, '7843']).stdout.trim()).toBe('connected')
    await agent.ask('release')
    await expect.poll(passes, { timeout: 8_000 }).toEqual([...ways, everybody])
  })
})
