import { EventEmitter } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { beforeEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { type Doorway, guardDoorway } from '../../../server/wire/doorway.ts'
import { FakeTime } from '../../support/fake-time.ts'

let time: FakeTime
let server: Server
let begun: Socket[]
let doorway: Doorway

beforeEach(() => {
  time = new FakeTime()
  begun = []
  server = createServer((socket) => begun.push(socket))
  doorway = guardDoorway(server, time)
})

const turn = () => new Promise((next) => setImmediate(next))
const come = (count: number) => {
  const sockets = Array.from({ length: count }, () => new Socket())
  for (const socket of sockets) server.emit('connection', socket)
  return sockets
}

it('begins a few handshakes a turn, in the order in which they came', async () => {
  const sockets = come(10)
  expect(begun).toEqual([])
  const seen: number[] = []
  while (begun.length < 10) {
    await turn()
    seen.push(begun.length)
  }
  expect(Math.max(...seen.map((count, index) => count - (seen[index - 1] ?? 0)))).toBeLessThanOrEqual(4)
  expect(begun).toEqual(sockets)
})

it('wastes nothing on whoever gave up meanwhile, or is about to', async () => {
  const [gone, late] = come(2)
  gone?.destroy()
  await time.advance(0)
  expect(begun).toEqual([late])
  const waiting = come(8)
  time.advance(seconds(31))
  await turn()
  await turn()
  expect(begun).toEqual([late])
  expect(waiting.every(({ destroyed }) => destroyed)).toBe(true)
})

it('lets go of everybody at the end, also of those that wait', async () => {
  const sockets = come(9)
  await turn()
  doorway.destroyAll()
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true)
})

it('is built on how a TLS server meets its connections', () => {
  expect(() => guardDoorway(new EventEmitter() as Server, time)).toThrow('shakes hands')
})
