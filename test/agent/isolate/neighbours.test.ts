import { beforeEach, describe, expect, it } from 'vitest'
import type { Time } from '#shared/domain/time.ts'
import type { AnswerKind, Place } from '../../../agent/isolate/knock.ts'
import { type Neighbours, openNeighbours } from '../../../agent/isolate/neighbours.ts'

const mac = '02:00:00:00:00:07'
const ws = { address: '10.0.0.7', mac }

let answers: AnswerKind
let hardware: string | undefined
let asked: string[]
let clock: number
let neighbours: Neighbours
/** What is only waited takes no time here; the test moves the clock. */
const time: Time = {
  now: () => 1_000_000 + clock,
  monotonic: () => clock,
  after: (_ms, run) => {
    const timer = setImmediate(run)
    return () => clearImmediate(timer)
  },
}
beforeEach(() => {
  answers = 'answered'
  hardware = mac
  asked = []
  clock = 0
  neighbours = openNeighbours({
    time,
    networks: () => ['10.0.0.2/24', 'fd00:1::2/64'],
    hardwareAt: async () => hardware,
    ask: async ({ protocol, address, port }: Place) => {
      asked.push(`${protocol} ${address}:${port}`)
      return { kind: answers, afterMs: 1 }
    },
  })
})
const warm = async (): Promise<void> => {
  neighbours.warm([ws])
  await new Promise((resolve) => setImmediate(resolve))
}
const foundNow = async () => (await neighbours.reach([ws])).found

describe('whether a neighbour is reached', () => {
  it('is silence that counts, where the same probe was answered in the seconds before', async () => {
    await warm()
    clock += 5_000
    answers = 'silent'
    const said = await neighbours.reach([ws])
    expect(said).toMatchObject({ found: 'unreached', probe: 'udp 10.0.0.7:9', answeredAt: 1_000_000 })
    expect(said.answers).toHaveLength(3)
  })

  it('has its “before” of those that are kept, who are asked now and every fifteen seconds, while anybody may be asked', async () => {
    const later: (() => void)[] = []
    const kept = openNeighbours({
      ...{ networks: () => ['10.0.0.2/24'], hardwareAt: async () => mac, isAllowed: () => isAllowed },
      time: {
        ...time,
        after: (ms, run) => {
          if (ms < 15_000) return time.after(ms, run)
          later.push(run)
          return () => undefined
        },
      },
      ask: async ({ address }) => {
        asked.push(address)
        return { kind: answers, afterMs: 1 }
      },
    })
    let isAllowed = true
    kept.keep([ws, { address: '10.0.0.8', mac }, { address: '192.168.1.1', mac }, { address: '10.0.0.9', mac }])
    expect(asked).toEqual(['10.0.0.7', '10.0.0.8'])
    for (let round = 0; round < 8; round += 1) {
      clock += 15_000
      later.shift()?.()
    }
    expect(asked).toHaveLength(18)
    await new Promise((resolve) => setImmediate(resolve))
    answers = 'silent'
    expect(await kept.reach([ws])).toMatchObject({ found: 'unreached', answeredAt: 1_120_000 })

    asked = []
    kept.keep([ws, { address: '10.0.0.9', mac }])
    isAllowed = false
    later.shift()?.()
    kept.warm([ws])
    expect(await kept.reach([ws])).toMatchObject({ found: 'unable', answers: ['this agent may ask nobody now'] })
    expect(asked).toEqual(['10.0.0.9'])
  })

  it('is nothing, where nobody was asked before, nobody answered, or it is too long ago', async () => {
    answers = 'silent'
    expect(await foundNow()).toBe('no-baseline')
    await warm()
    expect(await foundNow()).toBe('no-baseline')
    answers = 'answered'
    await warm()
    answers = 'silent'
    clock += 61_000
    expect(await foundNow()).toBe('no-baseline')
  })

  it('is an answer, with or without one before; one answer among silences is none', async () => {
    expect(await foundNow()).toBe('reached')
    const kinds: AnswerKind[] = ['answered', 'silent', 'silent', 'silent']
    const flickering = openNeighbours({
      ...{ time, networks: () => ['10.0.0.2/24'], hardwareAt: async () => mac },
      ask: async () => ({ kind: kinds.shift() ?? 'silent', afterMs: 1 }),
    })
    expect((await flickering.reach([ws])).found).toBe('no-baseline')
  })

  it('is no answer of other hardware at the same address', async () => {
    hardware = '02:00:00:00:00:99'
    await warm()
    expect(await foundNow()).toBe('no-baseline')
  })

  it('is nothing where this machine’s own firewall stops the probe', async () => {
    await warm()
    answers = 'forbidden'
    expect(await foundNow()).toBe('unable')
  })
})

describe('a collector that would look around with an agent', () => {
  it.each(['192.168.1.1', '10.0.1.7', '8.8.8.8', '10.0.0.2', '127.0.0.1', 'fd00:2::7', 'fe80::1', 'ws.example.org', '10.0.0.7%eth0'])(
    'learns nothing of %s: it is not in a network of this machine’s own',
    async (address) => {
      neighbours.warm([{ address, mac }])
      expect(await neighbours.reach([{ address, mac }])).toMatchObject({ found: 'no-neighbour', answers: [] })
      expect(asked).toEqual([])
    },
  )

  it('learns no more by naming others again and again', () => {
    for (let at = 1; at <= 100; at += 1) neighbours.keep([ws, { address: `10.0.0.${at + 20}`, mac }])
    expect(new Set(asked)).toHaveLength(60)
    expect(asked.filter((each) => each === 'udp 10.0.0.7:9')).toHaveLength(1)
  })

  it('has sixty questions in ten minutes, about one port', async () => {
    for (let at = 1; at <= 70; at += 1) neighbours.warm([{ address: `10.0.0.${at + 2}`, mac }])
    expect(await foundNow()).toBe('unable')
    expect(new Set(asked.map((each) => each.split(':')[1]))).toEqual(new Set(['9']))
    expect(asked).toHaveLength(60)
    clock += 11 * 60_000
    expect(await foundNow()).toBe('reached')
  })
})
