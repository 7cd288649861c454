import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, said, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)

describe.skipIf(whyNoNamespaces() !== undefined)('a drill', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let ca: string

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-drill-'))
    const { collector, endpoint, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
    await listening(neighbour.spawn(node, [support('peer.ts'), 'listen', '445']))
    await said(endpoint.spawn(node, [support('peer.ts'), 'hold', neighbour.ipv4, '445']), 'connected')
  })
  afterAll(() => {
    network?.close()
    rmSync(folder, { recursive: true })
  })

  const startAgent = (): IsolatingProcess => {
    const { endpoint, collector } = network.machines
    const args = [support('isolating.ts'), '--dir', folder, `--ca=${ca}`, '--collector', `${collector.ipv4} 7843`]
    return new IsolatingProcess(endpoint.spawn(node, args))
  }
  const tables = (): string => network.machines.endpoint.run('nft', ['list', 'tables']).stdout
  const reach = (): string => {
    const { endpoint, neighbour } = network.machines
    return endpoint.run(node, [support('peer.ts'), 'connect', neighbour.ipv4, '445']).stdout.trim()
  }

  it('isolates, proves it, and undoes itself', { retry: 2 }, async () => {
    const agent = startAgent()
    const drilling = agent.ask('drill', '1500')
    await until(() => tables() !== '')
    expect(reach()).toBe('ECONNREFUSED')
    expect(await drilling).toMatchObject({ actual: 'open' })
    expect(agent.drilled).toMatchObject({ kind: 'tried', verdict: 'proven' })
    expect([tables(), reach()]).toEqual(['', 'connected'])
    await agent.end()
  })

  it('undoes itself also when it is killed meanwhile', async () => {
    const agent = startAgent()
    agent.ask('drill', '60000').catch(() => undefined)
    await until(() => tables() !== '')
    await agent.end('SIGKILL')
    await until(() => tables() === '')
    expect(reach()).toBe('connected')
  })

  it('leaves a real isolation alone', async () => {
    const agent = startAgent()
    await agent.ask('isolate')
    await agent.ask('drill', '100')
    expect(agent.drilled).toMatchObject({ kind: 'refused', reason: expect.stringContaining('is isolated') })
    expect(reach()).toBe('ECONNREFUSED')
    await agent.ask('release')
    await agent.end()
  })
})
