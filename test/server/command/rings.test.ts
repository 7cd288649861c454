import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askersIn, ordered, ringsOf } from '../../../server/command/rings.ts'

const mac = '02:00:00:00:00:07'
const machine = (endpointId: string, ...addresses: string[]) => ({
  endpointId,
  places: addresses.map((address) => ordered({ address, mac })),
})
const whom = async (machines: ReturnType<typeof machine>[]) =>
  Object.fromEntries([...(await ringsOf(machines))].map(([asker, asked]) => [asker, asked.map(({ endpointId }) => endpointId)]))

describe('who asks whom', () => {
  it('is a ring in the order of addresses as numbers', async () => {
    const machines = [machine('b', '10.0.0.9'), machine('d', '10.0.0.130'), machine('a', '10.0.0.2'), machine('c', '10.0.0.10')]
    expect(await whom(machines)).toEqual({ a: ['b', 'd', 'c'], b: ['c', 'a', 'd'], c: ['d', 'b', 'a'], d: ['a', 'c', 'b'] })
  })

  it('is nobody for whom nobody stands beside, and the other of two', async () => {
    expect(await whom([machine('a', '10.0.0.2'), machine('b', '192.168.0.2'), machine('c', 'fd00::1')])).toEqual({ a: [], b: [], c: [] })
    expect(await whom([machine('a', 'fd00::1'), machine('b', 'FD00::2')])).toEqual({ a: ['b'], b: ['a'] })
  })

  it('passes by what several have, such as a bridge inside each of them', async () => {
    expect(await whom([machine('a', '172.17.0.1', '10.0.0.2'), machine('b', '172.17.0.1'), machine('c', '10.0.0.3')])).toEqual({
      a: ['c'],
      c: ['a'],
    })
  })

  it('is three at most each way round, never itself, and somebody of the same network for everybody who isn’t alone in it', async () => {
    const places = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 9 })), {
      selector: String,
      minLength: 2,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(places, async (drawn) => {
        const machines = drawn.map(([net, host]) => machine(`${net} ${host}`, `10.0.${net}.${host}`))
        const rings = await ringsOf(machines)
        const askers = askersIn(rings)
        for (const [asker, asked] of rings) {
          expect(asked.length).toBeLessThanOrEqual(3)
          expect(asked.map(({ endpointId }) => endpointId)).not.toContain(asker)
        }
        for (const { endpointId } of machines) {
          const others = machines.filter((other) => other.endpointId !== endpointId && other.endpointId[0] === endpointId[0])
          const by = askers.get(endpointId) ?? []
          expect(by.length).toBeLessThanOrEqual(3)
          if (others.length > 0) expect(by.some((id) => id[0] === endpointId[0])).toBe(true)
        }
      }),
    )
  })
})
