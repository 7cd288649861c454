import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { openWay, type Way } from './proxy.ts'

const within = { timeout: 3_000, interval: 10 }

interface End {
  socket: Socket
  heard(): string
  /** How it ended: politely, by a reset, or not yet. */
  ended(): string
}

function endOf(socket: Socket): End {
  let [text, ended] = ['', 'not yet']
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  socket.on('end', () => (ended = 'politely'))
  socket.on('error', (error: NodeJS.ErrnoException) => (ended = error.code ?? ''))
  return { socket, heard: () => text, ended: () => ended }
}

/** A way with a connection over it: what the agent holds, and what the collector holds. */
async function connected(): Promise<{ way: Way; agent: End; collector: End }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => void socket.on('error', () => socket.destroy())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const way = await openWay((server.address() as AddressInfo).port)
  const agent = endOf(connect({ host: '127.0.0.1', port: way.port, allowHalfOpen: true }))
  const [accepted] = (await once(server, 'connection')) as [Socket]
  const collector = endOf(accepted)
  onTestFinished(async () => {
    agent.socket.destroy()
    accepted.destroy()
    await way.close()
    server.close()
  })
  return { way, agent, collector }
}

it('carries both directions and their ends', async () => {
  const { agent, collector } = await connected()
  agent.socket.end('hello')
  await expect.poll(collector.heard, within).toBe('hello')
  await expect.poll(collector.ended, within).toBe('politely')
  collector.socket.end('welcome')
  await expect.poll(agent.heard, within).toBe('welcome')
  await expect.poll(agent.ended, within).toBe('politely')
})

it('silences one direction, and brings later what waited, in order', async () => {
  const { way, agent, collector } = await connected()
  way.silence('up', true)
  agent.socket.write('one')
  await sleep(50)
  agent.socket.end('two')
  collector.socket.write('down passes')
  await expect.poll(agent.heard, within).toBe('down passes')
  expect([collector.heard(), collector.ended()]).toEqual(['', 'not yet'])
  way.silence('up', false)
  await expect.poll(collector.heard, within).toBe('onetwo')
  await expect.poll(collector.ended, within).toBe('politely')
})

it('does not tell a silenced end that the other is gone', async () => {
  const { way, agent, collector } = await connected()
  way.silence('down', true)
  collector.socket.destroy()
  await sleep(100)
  expect(agent.ended()).toBe('not yet')
})

it('delays and throttles', async () => {
  const { way, agent, collector } = await connected()
  way.delay('up', 200)
  const sentAt = performance.now()
  agent.socket.write('late')
  await expect.poll(collector.heard, within).toBe('late')
  expect(performance.now() - sentAt).toBeGreaterThan(190)
  way.delay('up', 0)
  way.throttle(1_000)
  const slowAt = performance.now()
  agent.socket.write('x'.repeat(200))
  await sleep(20)
  agent.socket.write('!')
  await expect.poll(() => collector.heard().endsWith('!'), within).toBe(true)
  expect(performance.now() - slowAt).toBeGreaterThan(180)
})

it('resets what is open, and what is new until it is healed', async () => {
  const { way, agent, collector } = await connected()
  way.refuse(true)
  await expect.poll(agent.ended, within).toBe('ECONNRESET')
  await expect.poll(collector.ended, within).toBe('ECONNRESET')
  const refused = endOf(connect({ host: '127.0.0.1', port: way.port }))
  await expect.poll(refused.ended, within).toBe('ECONNRESET')
  way.heal()
  const again = endOf(connect({ host: '127.0.0.1', port: way.port }))
  onTestFinished(() => void again.socket.destroy())
  await once(again.socket, 'connect')
  await sleep(50)
  expect(again.ended()).toBe('not yet')
})
