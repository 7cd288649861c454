import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { Baselines } from '../../../agent/isolate/baselines.ts'
import type { Place } from '../../../agent/isolate/knock.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('who has answered counts at once, whoever else is still silent', async () => {
  const places = [await silentPlace(), await answeringPlace()]
  const baselines = new Baselines({ findPlaces: async () => places, time: new FakeTime() })
  onTestFinished(() => baselines.stop())
  baselines.keepWarm()
  // The clock stands still, so the silent one's time is never over.
  await vi.waitFor(() => expect(baselines.fresh().map(({ place }) => place)).toEqual([places[1]]))
})

it('nobody is asked twice in five seconds, whoever says again that it shall begin', async () => {
  const time = new FakeTime()
  let count = 0
  const findPlaces = async (): Promise<Place[]> => {
    count += 1
    return []
  }
  const baselines = new Baselines({ findPlaces, time })
  onTestFinished(() => baselines.stop())
  for (const _ of [1, 2, 3]) baselines.keepWarm()
  await time.advance(4_000)
  baselines.pause()
  await time.advance(500)
  baselines.keepWarm()
  expect(count).toBe(1)
  await time.advance(500)
  expect(count).toBe(2)
  baselines.pause()
  await time.advance(60_000)
  expect(count).toBe(2)
  baselines.keepWarm()
  expect(count).toBe(3)
})

async function silentPlace(): Promise<Place> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  onTestFinished(() => void socket.close())
  await once(socket, 'listening')
  return { protocol: 'udp', address: '127.0.0.1', port: socket.address().port }
}

async function answeringPlace(): Promise<Place> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { protocol: 'tcp', address: '127.0.0.1', port: (server.address() as AddressInfo).port }
}
