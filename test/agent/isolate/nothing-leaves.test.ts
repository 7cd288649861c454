import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canCapture, capture, type Frame, isForbidden } from '../../support/cable.ts'
import { IsolatingProcess, listening, makeCertificate, said, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const why = whyNoNamespaces()
const hasPython = spawnSync('python3', ['--version']).status === 0

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)
const collectorPort = 7843

describe.skipIf(why !== undefined || !canCapture || !hasPython)('an isolated machine, as its cable sees it', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let ca: string
  let agent: IsolatingProcess
  const frames: { left: Frame[]; came: Frame[] } = { left: [], came: [] }
  const captures: ChildProcess[] = []

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-capture-'))
    const { collector, endpoint, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', String(collectorPort), key, certificate]))
    await listening(neighbour.spawn(node, [support('peer.ts'), 'listen', '445']))
    await listening(endpoint.spawn(node, [support('peer.ts'), 'listen', '3389']))
    const mac = endpoint.run('cat', ['/sys/class/net/eth0/address']).stdout.trim()
    // Frames that the sender forges have an address of their own; all that comes out of this port was sent by the endpoint.
    for (const [into, direction] of [
      [frames.left, 'in'],
      [frames.came, 'out'],
    ] as const)
      captures.push(await capture(network.tap, direction, into, direction === 'out' ? ['ether', 'dst', mac] : []))
    agent = startAgent()
  })
  afterAll(() => {
    network?.close()
    rmSync(folder, { recursive: true })
  })

  const startAgent = (): IsolatingProcess => {
    const { endpoint, collector } = network.machines
    const args = [support('isolating.ts'), '--dir', folder, `--ca=${ca}`, '--collector', `${collector.ipv4} ${collectorPort}`]
    return new IsolatingProcess(endpoint.spawn(node, args))
  }

  const forbiddenSince = (at: number): string[] =>
    frames.left
      .filter((frame) => frame.at >= at && isForbidden(network.machines.collector.ipv4, collectorPort)(frame))
      .map(({ says }) => says)
  const held = (): boolean => network.machines.endpoint.run('nft', ['list', 'tables']).stdout.includes('netdev tierline_held')

  it('sends not one frame but to its collector, through kill, network restart and flush, while root sends by every way it has', {
    retry: 2,
  }, async () => {
    const { endpoint, neighbour } = network.machines
    const startedAt = Date.now()
    const sender = endpoint.spawn('python3', [support('raw-frames.py'), 'eth0', neighbour.ipv4])
    await said(sender, 'sending')
    await until(() => forbiddenSince(startedAt).length > 20)

    await agent.ask('isolate', 'command-1')
    // What was in the queue of the cable as the rules came has left before them.
    await pause(20)
    const isolatedAt = Date.now()
    await until(held)
    endpoint.run('nft', ['flush', 'ruleset'])
    await until(() => agent.happened.length > 0)
    await pause(200)
    await agent.end('SIGKILL')
    await pause(200)
    agent = startAgent()
    await agent.ask('reapply')
    endpoint.run('ip', ['link', 'set', 'eth0', 'down'])
    endpoint.run('ip', ['link', 'set', 'eth0', 'up'])
    endpoint.run('ip', ['addr', 'replace', `${endpoint.ipv4}/24`, 'dev', 'eth0'])
    expect(neighbour.run(node, [support('peer.ts'), 'connect', endpoint.ipv4, '3389']).stdout.trim()).toBe('no answer')
    await pause(300)

    expect(forbiddenSince(isolatedAt)).toEqual([])
    const attempts = frames.came.filter(({ at, says }) => at >= isolatedAt && says.includes('.3389: Flags [S]'))
    console.log(`inbound attempts while it was isolated: ${attempts.map(({ says }) => says.slice(0, 60)).join('; ')}`)
    expect(attempts.length).toBeGreaterThan(0)

    await agent.ask('release', 'command-2')
    const releasedAt = Date.now()
    await until(() => forbiddenSince(releasedAt).length > 20)
    sender.stdin?.end()
    await once(sender, 'exit')
    await agent.end()
    for (const capture of captures) capture.kill()
  })
})
