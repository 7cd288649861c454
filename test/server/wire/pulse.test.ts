import { PassThrough } from 'node:stream'
import { beforeEach, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { Pulse } from '../../../server/wire/pulse.ts'

let line: PassThrough & { bytesRead: number }
let pings: number
let socket: { readyState: number; OPEN: number; isPaused: boolean; ping(): void }
let pulse: Pulse

beforeEach(() => {
  line = Object.assign(new PassThrough(), { bytesRead: 0 })
  pings = 0
  const ping = (): void => {
    pings += 1
  }
  socket = { readyState: 1, OPEN: 1, isPaused: false, ping }
  pulse = new Pulse(socket as unknown as WebSocket, line)
})

it('gives whoever is silent two pings to answer', () => {
  expect([pulse.beat(), pulse.beat(), pulse.beat()]).toEqual([undefined, undefined, 'nothing was heard of the agent'])
  expect(pings).toBe(2)
})

it('goes on with whoever answers', () => {
  for (let beat = 0; beat < 10; beat += 1) {
    expect(pulse.beat()).toBeUndefined()
    pulse.isThere()
  }
})

it('gives up on a frame that is begun and never ends, though pings are answered between its fragments', () => {
  const beats = Array.from({ length: 5 }, () => {
    line.bytesRead += 20_000
    pulse.isThere()
    return pulse.beat()
  })
  expect(beats.filter((trouble) => trouble !== undefined)).toEqual(['the agent began a frame and does not end it', expect.anything()])
})

it('has patience with a frame that ends', () => {
  for (let beat = 0; beat < 10; beat += 1) {
    line.bytesRead += 200_000
    pulse.heard()
    expect(pulse.beat()).toBeUndefined()
  }
})

it('takes nobody for gone whom it does not read, and counts anew from when it does', () => {
  socket.isPaused = true
  for (let beat = 0; beat < 10; beat += 1) expect(pulse.beat()).toBeUndefined()
  socket.isPaused = false
  expect([pulse.beat(), pulse.beat(), pulse.beat()]).toEqual([undefined, undefined, 'nothing was heard of the agent'])
})

it('takes nobody for gone whose frame is still coming in, slowly, before the answer to a ping', () => {
  for (let beat = 0; beat < 10; beat += 1) {
    line.bytesRead += 1_000
    expect(pulse.beat()).toBeUndefined()
  }
})
