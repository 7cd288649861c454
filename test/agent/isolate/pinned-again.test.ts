import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)
const port = 7843

describe.skipIf(whyNoNamespaces() !== undefined)('a collector whose name means another address as the rules come', () => {
  let network: Network<'collector' | 'endpoint' | 'former'>
  let folder: string
  let ca: string
  let agent: IsolatingProcess

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'former'])
    const { collector, former } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', String(port), key, certificate]))
    // Whoever has the old address now takes connections, and can't show the collector's certificate.
    await listening(former.spawn(node, [support('peer.ts'), 'listen', String(port)]))
  })
  afterAll(() => network?.close())
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tierline-pinned-'))
  })
  afterEach(async () => {
    await agent.ask('release')
    await agent.end()
    rmSync(folder, { recursive: true })
  })

  const startAgent = (now: string): IsolatingProcess => {
    const { endpoint, former } = network.machines
    const about = ['--dir', folder, `--ca=${ca}`, '--hurry=5', '--collector', `${former.ipv4} ${port}`, '--moves', `${now} ${port}`]
    return new IsolatingProcess(endpoint.spawn(node, [support('isolating.ts'), ...about]))
  }
  const connect = (address: string): string =>
    network.machines.endpoint.run(node, [support('peer.ts'), 'connect', address, String(port)]).stdout.trim()
  const resolvedSince = (count: number): string[] => agent.resolved.slice(count).flat()

  it('is let through where it is now, and nobody where it was', { retry: 2 }, async () => {
    const { collector, former } = network.machines
    agent = startAgent(collector.ipv4)
    const status = await agent.ask('isolate')
    expect(status.proof).toMatchObject({
      collector: `${collector.ipv4}:${port}`,
      collectorAfterIsolation: expect.stringMatching(/^answered/),
    })
    expect([connect(collector.ipv4), connect(former.ipv4)]).toEqual(['connected', 'ECONNREFUSED'])
    // The copy that survives another program's flush lets the same through.
    network.machines.endpoint.run('nft', ['flush', 'ruleset'])
    await until(() => agent.happened.length > 0)
    expect([connect(collector.ipv4), connect(former.ipv4)]).toEqual(['connected', 'ECONNREFUSED'])
    expect(agent.resolved.map(([place]) => place)).toEqual([`${former.ipv4} ${port}`, `${collector.ipv4} ${port}`])
  })

  it('is looked for once: where it is not at its new address either, the machine stays closed', { retry: 2 }, async () => {
    agent = startAgent('10.231.77.200')
    const before = agent.resolved.length
    const status = await agent.ask('isolate')
    expect(status).toMatchObject({ actual: 'unproven', detail: expect.stringContaining('it stays closed') })
    expect(resolvedSince(before)).toEqual([`${network.machines.former.ipv4} ${port}`, `10.231.77.200 ${port}`])
    expect(connect(network.machines.former.ipv4)).toBe('ECONNREFUSED')
  })
})
