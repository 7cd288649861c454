import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
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

  function startAgent(collectors = [network.machines.collector.ipv4, network.machines.collector.ipv6], hurry = 1): IsolatingProcess {
    const { endpoint } = network.machines
    const addresses = collectors.flatMap((address) => ['--collector', `${address} ${collectorPort}`])
    return new IsolatingProcess(
      endpoint.spawn(node, [script('isolating.ts'), '--dir', folder, `--ca=${ca}`, `--hurry=${hurry}`, ...addresses]),
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
    expect((await agent.ask('isolate')).proof).toMatchObject({ witness: null, note: expect.stringContaining('nothing else answered') })
    await agent.ask('release')

    connect('endpoint', neighbour.ipv4, sharePort)
    expect((await agent.ask('isolate')).proof).toMatchObject({
      witness: `udp ${neighbour.ipv4}:9`,
      witnessAfter: expect.stringContaining('forbidden'),
    })
  })

  it('does twice what it does once', async () => {
    await agent.ask('isolate', 'command-1')
    const before = table()
    expect(await agent.ask('isolate', 'command-2')).toMatchObject({ actual: 'isolated' })
    expect(table()).toBe(before)
    await agent.ask('release')
    expect(await agent.ask('release')).toMatchObject({ actual: 'open' })
  })

  it('stays isolated when the agent is killed, and puts the rules back at start when they are gone', async () => {
    const { endpoint, neighbour } = network.machines
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
    await agent.until('isolated')
  })

  /** Restarts the agent with a clock on which its waits of seconds are over sooner. What it does meanwhile is as it is. */
  async function hurry(collectors?: string[]): Promise<void> {
    await agent.end()
    agent = startAgent(collectors, 5)
  }

  it.each([
    ['deletes the table', ['delete', 'table', 'inet', 'tierline']],
    ['flushes everything', ['flush', 'ruleset']],
    ['lets something through', ['insert', 'rule', 'inet', 'tierline', 'outgoing', 'accept']],
  ])('repairs the rules when somebody %s', async (_what, edit) => {
    const { endpoint, neighbour } = network.machines
    await hurry()
    await agent.ask('isolate')
    endpoint.run('nft', edit)
    expect(connect('endpoint', neighbour.ipv4, sharePort)).not.toBe('ECONNREFUSED')

    await until(() => connect('endpoint', neighbour.ipv4, sharePort) === 'ECONNREFUSED')
    expect(await agent.until('isolated')).toMatchObject({ actual: 'isolated' })
  })

  it('raises a critical signal when the rules are changed again and again', async () => {
    await hurry()
    await agent.ask('isolate')
    for (let edit = 0; edit < 3; edit += 1) {
      network.machines.endpoint.run('nft', ['flush', 'ruleset'])
      await until(() => table() !== '')
      await agent.until('isolated')
    }
    expect(agent.happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical' }])
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

    it('takes them away again if they are to blame, since a host that nobody reaches is lost', async () => {
      const { endpoint, neighbour } = network.machines
      endpoint.run('ip', ['route', 'add', disguised, 'dev', 'eth0'])
      endpoint.run('nft', ['-f', '-'], tunnel())
      await hurry([disguised])

      const status = await agent.ask('isolate')

      expect(status).toMatchObject({ actual: 'failed', detail: expect.stringContaining('taken away again') })
      expect(agent.happened).toMatchObject([{ kind: 'security.isolation.failed', severity: 'critical' }])
      expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('connected')
    })

    it('keeps them if it is silent without them too, and says "isolated" once it answers', async () => {
      const { collector, neighbour } = network.machines
      await hurry()
      collector.run('ip', ['link', 'set', 'eth0', 'down'])

      const status = await agent.ask('isolate')

      expect(status).toMatchObject({ actual: 'failed', detail: expect.stringContaining('with or without the rules') })
      expect(connect('endpoint', neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')
      collector.run('ip', ['link', 'set', 'eth0', 'up'])
      await agent.until('isolated')
    })
  })
})

class IsolatingProcess {
  readonly happened: unknown[] = []
  readonly reported: unknown[] = []
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #ended: Promise<unknown>
  readonly #waiting: ((status: IsolationStatus) => void)[] = []

  constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit')
    if (!child.stdout) throw new Error('no pipe')
    child.stderr?.pipe(process.stderr)
    this.#lines = createInterface({ input: child.stdout })
    this.#lines.on('line', (line) => {
      const said = JSON.parse(line) as { status?: IsolationStatus; happened?: unknown; reported?: unknown }
      if (said.reported) this.reported.push(said.reported)
      if (said.happened) this.happened.push(said.happened)
      if (said.status) this.#waiting.shift()?.(said.status)
    })
  }

  ask(word: string, commandId = 'command-0'): Promise<IsolationStatus> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      void this.#ended.then(() => reject(new Error(`it ended before it answered ${word}`)))
      this.#child.stdin?.write(`${word} ${commandId}\n`)
    })
  }

  async until(actual: IsolationStatus['actual']): Promise<IsolationStatus> {
    let status = await this.ask('status')
    await until(async () => {
      status = await this.ask('status')
      return status.actual === actual
    })
    return status
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    if (signal) this.#child.kill(signal)
    else this.#child.stdin?.end()
    await this.#ended
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 8_000
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error('it did not come true within 8 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const listening = (child: ChildProcess): Promise<void> => said(child, 'listening')

async function said(child: ChildProcess, word: string): Promise<void> {
  child.stderr?.pipe(process.stderr)
  if (!child.stdout) throw new Error('no pipe')
  for await (const line of createInterface({ input: child.stdout })) if (line === word) return
  throw new Error(`it ended without saying ${word}`)
}

function makeCertificate(): [key: string, certificate: string] {
  const made = execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=collector', '-days', '2', '-keyout', '-', '-out', '-'],
  ]).toString()
  const parts = made.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? []
  return [parts[0] ?? '', parts[1] ?? '']
}
