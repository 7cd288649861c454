import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, said, until } from '../../support/isolating-process.ts'
import { type Machine, type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const why = whyNoNamespaces()
if (why) console.log(`isolation in namespaces is not tested here: ${why}`)

const node = process.execPath
const script = (name: string): string => join(import.meta.dirname, '../../support', name)
const collectorPort = 7843
const sharePort = 445

describe.skipIf(why)('isolation, on a network of its own', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let ca: string
  let agent: IsolatingProcess
  let share: ChildProcess | undefined

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    const { collector, endpoint, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [script('peer.ts'), 'listen', String(collectorPort), key, certificate]))
    await listening(neighbour.spawn(node, [script('peer.ts'), 'listen', String(sharePort)]))
    await listening(endpoint.spawn(node, [script('peer.ts'), 'listen', '3389']))
  })
  afterAll(() => network?.close())

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tierline-isolate-'))
    agent = startAgent()
  })
  afterEach(async () => {
    share?.kill('SIGKILL')
    await agent.ask('release')
    await agent.end()
    rmSync(folder, { recursive: true })
  })

  function startAgent(
    collectors = [network.machines.collector.ipv4, network.machines.collector.ipv6],
    hurry = 1,
    unproven = 'stay-closed',
  ): IsolatingProcess {
    const { endpoint } = network.machines
    const addresses = collectors.flatMap((address) => ['--collector', `${address} ${collectorPort}`])
    return new IsolatingProcess(
      endpoint.spawn(node, [
        script('isolating.ts'),
        '--dir',
        folder,
        `--ca=${ca}`,
        `--hurry=${hurry}`,
        `--unproven=${unproven}`,
        ...addresses,
      ]),
    )
  }
  type Place = [address: string, port: number]
  const at = ({ ipv4, ipv6 }: Machine, port: number): Place[] => [
    [ipv4, port],
    [ipv6, port],
  ]
  /** All at once; answered in the order asked. */
  function connectAll(from: 'endpoint' | 'neighbour' | 'collector', places: Place[]): string[] {
    return network.machines[from]
      .run(node, [script('peer.ts'), 'connect', ...places.flat().map(String)])
      .stdout.trim()
      .split('\n')
  }
  const connect = (from: 'endpoint' | 'neighbour' | 'collector', ...place: Place): string => connectAll(from, [place])[0] ?? ''
  const table = (): string => network.machines.endpoint.run('nft', ['list', 'table', 'inet', 'tierline']).stdout
  async function holdShare(): Promise<void> {
    const { endpoint, neighbour } = network.machines
    share = endpoint.spawn(node, [script('peer.ts'), 'hold', neighbour.ipv4, String(sharePort)])
    await said(share, 'connected')
  }

  /** A peer counts as a witness if it answers within 50 ms, which a busy test machine may miss. */
  const onBusyMachines = { retry: 3 }

  it('cuts off everything but the collector, proves it by a peer that answered before, and gives it all back', onBusyMachines, async () => {
    const { collector, endpoint, neighbour } = network.machines
    await holdShare()

    const isolated = await agent.ask('isolate', 'command-1')

    expect(isolated).toMatchObject({ actual: 'isolated', commandId: 'command-1' })
    expect(isolated.proof).toMatchObject({
      witness: `tcp ${neighbour.ipv4}:${sharePort}`,
      witnessBefore: expect.stringContaining('answered'),
      witnessAfter: expect.stringContaining('refused'),
      collectorAfterIsolation: expect.stringContaining('answered'),
      ruleset: expect.stringContaining(`ip daddr ${collector.ipv4} tcp dport ${collectorPort} accept`),
    })
    expect(connectAll('endpoint', at(neighbour, sharePort))).toEqual(['ECONNREFUSED', 'ECONNREFUSED'])
    expect(connectAll('endpoint', at(collector, collectorPort))).toEqual(['connected', 'connected'])
    expect(connectAll('endpoint', at(collector, 22))).toEqual(['ECONNREFUSED', 'ECONNREFUSED'])
    for (const from of ['neighbour', 'collector'] as const) expect(connectAll(from, at(endpoint, 3389))).toEqual(['no answer', 'no answer'])
    expect(connect('endpoint', '127.0.0.1', 3389)).toBe('connected')

    const released = await agent.ask('release', 'command-2')

    expect(released).toMatchObject({ actual: 'open', commandId: 'command-2' })
    expect([table(), readdirSync(folder)]).toEqual(['', []])
    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('connected')
    expect(connect('neighbour', endpoint.ipv6, 3389)).toBe('connected')
  })

  it('says honestly when nobody answered before, or a neighbour’s port-unreachable when that did', onBusyMachines, async () => {
    const { endpoint, neighbour } = network.machines
    endpoint.run('ip', ['neigh', 'flush', 'all'])
    expect(await agent.ask('isolate')).toMatchObject({
      actual: 'unproven',
      proof: { witness: null, note: expect.stringContaining('nothing else answered') },
    })
    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
    await agent.ask('release')

    connect('endpoint', neighbour.ipv4, sharePort)
    expect((await agent.ask('isolate')).proof).toMatchObject({
      witness: `udp ${neighbour.ipv4}:9`,
      witnessAfter: expect.stringContaining('forbidden'),
    })
  })

  it('does twice what it does once', onBusyMachines, async () => {
    await holdShare()
    await agent.ask('isolate', 'command-1')
    const before = table()
    expect(await agent.ask('isolate', 'command-2')).toMatchObject({ actual: 'isolated' })
    expect(table()).toBe(before)
    await agent.ask('release')
    expect(await agent.ask('release')).toMatchObject({ actual: 'open' })
  })

  it('stays isolated when the agent is killed, and puts the rules back at start when they are gone', onBusyMachines, async () => {
    const { endpoint, neighbour } = network.machines
    await holdShare()
    await agent.ask('isolate', 'command-1')
    await agent.end('SIGKILL')
    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')

    endpoint.run('nft', ['delete', 'table', 'inet', 'tierline'])
    agent = startAgent()
    await agent.ask('reapply')

    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
    expect(await agent.until('isolated')).toMatchObject({ commandId: 'command-1' })
    expect(agent.reported).toMatchObject([{ type: 'result', commandId: 'command-1', isolation: { actual: 'isolated' } }])
  })

  it('finishes at start a release that a crash interrupted', async () => {
    await agent.ask('isolate', 'command-1')
    await agent.end('SIGKILL')
    writeFileSync(join(folder, 'isolation.json'), JSON.stringify({ v: 1, want: 'open', commandId: 'command-2', at: 1, addresses: [] }))
    agent = startAgent()
    await agent.ask('reapply')
    expect(table()).toBe('')
  })

  it('stays isolated over a restart when nothing on disk says so any more', async () => {
    await agent.ask('isolate', 'command-1')
    await agent.end('SIGKILL')
    rmSync(join(folder, 'isolation.json'))
    agent = startAgent()
    await agent.ask('reapply')
    expect(table()).not.toBe('')
    await agent.until('unproven')
  })

  /** Restarts the agent with a clock on which its waits of seconds are over sooner. What it does meanwhile is as it is. */
  async function hurry(collectors?: string[], unproven?: string): Promise<void> {
    await agent.end()
    agent = startAgent(collectors, 5, unproven)
  }

  it.each([
    ['deletes the table', ['delete', 'table', 'inet', 'tierline']],
    ['flushes everything', ['flush', 'ruleset']],
    ['lets something through', ['insert', 'rule', 'inet', 'tierline', 'outgoing', 'accept']],
  ])('has no gap when somebody %s, puts the rules back within two seconds, and says so', onBusyMachines, async (_what, edit) => {
    const { endpoint, neighbour } = network.machines
    await holdShare()
    await agent.ask('isolate')
    await heldByNow()
    const before = table()
    const editedAt = performance.now()
    endpoint.run('nft', edit)
    await until(() => table() === before)
    expect(performance.now() - editedAt).toBeLessThan(2_000)
    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
    expect(await agent.until('isolated')).toMatchObject({ actual: 'isolated' })
    expect(agent.happened).toMatchObject([{ kind: 'security.isolation.drifted', severity: 'high' }])
    expect(agent.reported).toMatchObject([{ isolation: { actual: 'drifted' } }, { isolation: { actual: 'isolated' } }])
    await heldByNow()
  })

  it('is not opened by a flush while its agent can’t answer, and by no other program’s delete', onBusyMachines, async () => {
    const { endpoint, neighbour } = network.machines
    await agent.ask('isolate')
    await heldByNow()
    agent.signal('SIGSTOP')
    endpoint.run('nft', ['flush', 'ruleset'])
    expect(endpoint.run('nft', ['delete', 'table', 'inet', 'tierline_held']).code).not.toBe(0)
    expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
    agent.signal('SIGCONT')
    await until(() => table() !== '')
  })

  it('touches nothing where somebody else’s table has our name, and says so', async () => {
    const { endpoint } = network.machines
    endpoint.run('nft', ['add', 'table', 'netdev', 'tierline'])
    try {
      const before = endpoint.run('nft', ['list', 'ruleset']).stdout
      expect(await agent.ask('isolate')).toMatchObject({ actual: 'refused', detail: expect.stringContaining('somebody else') })
      expect(endpoint.run('nft', ['list', 'ruleset']).stdout).toBe(before)
      expect(agent.happened).toMatchObject([{ kind: 'security.isolation.failed' }])
    } finally {
      endpoint.run('nft', ['flush', 'ruleset'])
    }
  })

  const heldByNow = (): Promise<void> =>
    until(() => network.machines.endpoint.run('nft', ['list', 'tables']).stdout.includes('netdev tierline_held'))

  it('raises a critical signal when the rules are changed again and again', onBusyMachines, async () => {
    await holdShare()
    await agent.ask('isolate')
    for (let edit = 0; edit < 3; edit += 1) {
      network.machines.endpoint.run('nft', ['flush', 'ruleset'])
      await until(() => table() !== '')
      await agent.until('isolated')
    }
    expect(agent.happened).toContainEqual(expect.objectContaining({ kind: 'security.isolation.failed', severity: 'critical' }))
  })

  describe('when the collector falls silent as the rules come', () => {
    /** How a tunnel looks to our rules: what is dialled is not what goes out. Rewritten before they see it. */
    const disguised = '198.51.100.1'
    const tunnel = (): string => `
      table ip tunnel {
        chain outgoing { type route hook output priority -400; ip daddr ${disguised} ip daddr set ${network.machines.collector.ipv4}; }
        chain incoming { type filter hook prerouting priority -400; ip saddr ${network.machines.collector.ipv4} ip saddr set ${disguised}; }
      }`
    afterEach(() => void network.machines.endpoint.run('nft', ['flush', 'ruleset']))

    const disguise = async (unproven?: string): Promise<void> => {
      const { endpoint } = network.machines
      endpoint.run('ip', ['route', 'replace', disguised, 'dev', 'eth0'])
      endpoint.run('nft', ['-f', '-'], tunnel())
      await hurry([disguised], unproven)
    }

    it('stays closed, also if they are to blame', onBusyMachines, async () => {
      await disguise()
      expect(await agent.ask('isolate')).toMatchObject({ actual: 'unproven', detail: expect.stringContaining('it stays closed') })
      expect(agent.happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical' }])
      expect(connect('endpoint', network.machines.neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
    })

    it('takes them away again where the policy says so', onBusyMachines, async () => {
      const { neighbour } = network.machines
      await disguise('reopen')

      const status = await agent.ask('isolate')

      expect(status).toMatchObject({ actual: 'failed', detail: expect.stringContaining('taken away again') })
      expect(agent.happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical' }])
      expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('connected')
    })

    it('keeps them if it was silent without them too, and says "isolated" once it answers', onBusyMachines, async () => {
      const { collector, neighbour } = network.machines
      await hurry()
      await holdShare()
      collector.run('ip', ['link', 'set', 'eth0', 'down'])

      const status = await agent.ask('isolate')

      expect(status).toMatchObject({ actual: 'unproven', detail: expect.stringContaining('silent before as well') })
      expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
      collector.run('ip', ['link', 'set', 'eth0', 'up'])
      await agent.until('isolated')
    })
  })
})
