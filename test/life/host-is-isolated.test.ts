import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { confirmationOf } from '#shared/domain/neighbours.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { openWorld, sharePort, tryConnection, type World, whyNoWorld } from '../scenario/stage/world.ts'

const why = whyNoWorld()
if (why) console.log(`host-is-isolated is not run here: ${why}`)

/** One story, told in order: each step begins where the one before it ended. */
describe.skipIf(why)('a host under attack', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld((documents) => writeDocuments(documents, 60))
    await world.addNeighboursAgent()
  })
  afterAll(() => world?.close())

  const toNeighbour = (): Promise<string> => tryConnection(world.machines.endpoint, world.machines.neighbour.ipv4, sharePort)

  it('is cut off before anybody has read the alert', async () => {
    expect(await toNeighbour()).toBe('connected')
    const attack = startAttack(world.machines.endpoint, world.documents)
    await attack.first(world.canaries)

    const { isolation, commands } = await world.until(({ isolation }) => isolation.actual === 'isolated')
    attack.stop()

    expect(isolation.desired).toBe('isolated')
    // Whoever answered in the seconds before: the share that is open, or the same neighbour's "port unreachable".
    const { ipv4 } = world.machines.neighbour
    expect([`tcp ${ipv4}:${sharePort}`, `udp ${ipv4}:9`]).toContain(isolation.proof?.witness)
    expect(commands).toContainEqual(expect.objectContaining({ verb: 'isolate-host', status: 'succeeded', requestedBy: 'Tierline' }))
    expect(await toNeighbour()).toBe('ECONNREFUSED')
  })

  it('is confirmed to be cut off by the agent beside it, within 5 s', async () => {
    const { isolation } = await world.until(({ isolation }) => isolation.neighbours?.asked.every(({ said }) => said !== null) ?? false)
    const { askedAt = 0, asked = [] } = isolation.neighbours ?? {}
    const [neighbour] = asked
    expect(asked).toHaveLength(1)
    expect(neighbour?.said).toBe('unreached')
    expect(Number(neighbour?.at) - Number(isolation.proof?.rulesAppliedAt)).toBeLessThan(5_000)
    expect(askedAt).toBeGreaterThanOrEqual(Number(isolation.proof?.rulesAppliedAt))
    expect(confirmationOf({ askedAt, asked })).toBe('confirmed')
  })

  it('stays cut off when its agent is killed, and when it comes back', async () => {
    await world.agent.kill()
    await world.until(({ isConnected }) => !isConnected)
    expect(await toNeighbour()).toBe('ECONNREFUSED')

    world.agent.start()
    await world.until(({ isConnected, isolation }) => isConnected && isolation.actual === 'isolated')
    expect(await toNeighbour()).toBe('ECONNREFUSED')
  })

  it('stays cut off when somebody throws its firewall away', async () => {
    world.machines.endpoint.run('nft', ['flush', 'ruleset'])
    await expect.poll(toNeighbour, { timeout: 10_000 }).toBe('ECONNREFUSED')
  })

  it('comes back when a person releases it', async () => {
    await world.person.post(`/api/endpoints/${world.endpointId}/release`, { reason: 'it was a test', isFalseAlarm: true })
    await world.until(({ isolation }) => isolation.actual === 'open' && isolation.desired === 'open')
    expect(await toNeighbour()).toBe('connected')
  })
})
