import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { IsolatingProcess, listening, makeCertificate } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)
const hasFaketime = spawnSync('faketime', ['--version']).status === 0
/** So many times as fast a week of waits is over in four seconds. */
const hurry = days(7) / 4_000

describe.skipIf(whyNoNamespaces() !== undefined || !hasFaketime)('a machine that is cut off while its collector is gone for a week', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let ca: string
  let agent: IsolatingProcess

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-week-'))
    const { collector, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
    await listening(neighbour.spawn(node, [support('peer.ts'), 'listen', '445']))
  })
  afterAll(async () => {
    await agent?.end()
    network?.close()
    rmSync(folder, { recursive: true })
  })

  const start = (offset: string, speed = 1): IsolatingProcess => {
    const { endpoint, collector } = network.machines
    const about = ['--dir', folder, `--ca=${ca}`, `--hurry=${speed}`, '--collector', `${collector.ipv4} 7843`]
    return new IsolatingProcess(endpoint.spawn('faketime', ['-f', offset, node, support('isolating.ts'), ...about]))
  }
  const toNeighbour = (): string => {
    const { endpoint, neighbour } = network.machines
    return endpoint.run(node, [support('peer.ts'), 'connect', neighbour.ipv4, '445']).stdout.trim()
  }

  it('stays so, over days that pass while its agent runs and while it doesn’t, and opens when it is told to', {
    timeout: 60_000,
  }, async () => {
    agent = start('+0d')
    await agent.ask('isolate', 'command-1')
    network.machines.collector.run('ip', ['link', 'set', 'eth0', 'down'])
    await agent.end('SIGKILL')

    for (const offset of ['+4d', '+9d', '-300d', '+400d']) {
      agent = start(offset, hurry)
      const { since } = await agent.ask('reapply')
      expect(Math.abs(since - Date.now() - days(Number.parseInt(offset, 10)))).toBeLessThan(days(1))
      await pause(offset === '+9d' ? 5_000 : 500)
      expect([offset, toNeighbour()]).toEqual([offset, 'ECONNREFUSED'])
      await agent.end('SIGKILL')
    }
    agent = start('+8d')
    await agent.ask('reapply')
    network.machines.collector.run('ip', ['link', 'set', 'eth0', 'up'])
    expect((await agent.ask('status')).actual).not.toBe('open')
    expect((await agent.ask('release', 'command-2')).actual).toBe('open')
    expect(toNeighbour()).toBe('connected')
  })
})
