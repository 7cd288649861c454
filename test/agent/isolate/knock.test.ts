import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { knock } from '../../../agent/isolate/knock.ts'
import { systemTime } from '../../../agent/system-time.ts'

const how = { time: systemTime, timeoutMs: 1_000 }

it('says of a place that the kernel lets nobody connect to that it is none, and goes on living', async () => {
  const broadcast = { protocol: 'udp', address: '255.255.255.255', port: 9 } as const
  expect(await knock(broadcast, how)).toMatchObject({ kind: 'forbidden' })
})

it('takes a word over UDP for an answer, and "nobody listens here" too', async () => {
  const peer = createSocket('udp4').on('message', (_, { port, address }) => peer.send('here', port, address))
  await once(peer.bind(0, '127.0.0.1'), 'listening')
  const place = { protocol: 'udp', address: '127.0.0.1', port: peer.address().port } as const
  expect(await knock(place, how)).toMatchObject({ kind: 'answered' })
  peer.close()
  await once(peer, 'close')
  expect(await knock(place, how)).toMatchObject({ kind: 'answered' })
})
