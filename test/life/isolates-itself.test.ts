import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { openWorld, sharePort, tryConnection, type World, whyNoWorld } from '../scenario/stage/world.ts'

const why = whyNoWorld()
if (why) console.log(`isolates-itself is not run here: ${why}`)

/** One story, told in order: a machine that is attacked while nobody hears of it. */
describe.skipIf(why)('a machine with the standing order to isolate itself', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld((documents) => writeDocuments(documents, 60))
  })
  afterAll(() => world?.close())

  const toNeighbour = (): Promise<string> => tryConnection(world.machines.endpoint, world.machines.neighbour.ipv4, sharePort)
  const unplugCollector = (state: 'up' | 'down') => world.machines.collector.run('ip', ['link', 'set', 'eth0', state])

  it('keeps it, once that is signed', async () => {
    const { organisation } = await world.person.get<{ organisation: { id: string } }>(`/api/endpoints/${world.endpointId}`)
    const asked = { organisationId: organisation.id, draft: 'isolate-oneself', endpoints: [world.endpointId], reason: 'laptops travel' }
    await world.person.post('/api/standing-orders', asked)
    await world.until(({ commands }) => commands.some(({ verb, status }) => verb === 'keep-standing-order' && status === 'succeeded'))
  })

  it('does nothing when its collector is only silent', async () => {
    unplugCollector('down')
    await new Promise((resolve) => setTimeout(resolve, seconds(2.5)))
    expect(await toNeighbour()).toBe('connected')
  })

  it('cuts itself off when files are encrypted meanwhile', async () => {
    const attack = startAttack(world.machines.endpoint, world.documents)
    await attack.first(world.canaries)
    expect(await toNeighbour()).toBe('connected')
    await expect.poll(toNeighbour, { timeout: seconds(15), interval: 100 }).toBe('ECONNREFUSED')
    attack.stop()
  })

  it('and says so when its collector is back, which leaves it closed', async () => {
    unplugCollector('up')
    const isOwn = ({ verb, reason }: { verb: string; reason: string }) => verb === 'isolate-host' && reason.includes('run 1 of 10')
    const { isolation } = await world.until(
      ({ isConnected, commands, isolation }) => isConnected && isolation.actual === 'isolated' && commands.some(isOwn),
    )
    expect(isolation.desired).toBe('isolated')
    expect(await toNeighbour()).toBe('ECONNREFUSED')
  })
})
