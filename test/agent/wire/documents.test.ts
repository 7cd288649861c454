import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import type { DocumentFrame, DocumentNumbers } from '#shared/protocol/document.ts'
import type { DocumentExchange } from '../../../agent/wire/session.ts'
import { connected, sendWelcome, startScriptedCollector, startTestWire } from './scripted-collector.ts'

const within = { timeout: seconds(5) }
const kept: DocumentFrame = { kind: 'document', name: 'addresses', number: 4, jws: 'kept' }

/** Keeps one document, and notes what the wire does with it. */
function exchange(): DocumentExchange & { taken: DocumentFrame[]; welcomes: DocumentNumbers[] } {
  const [taken, welcomes]: [DocumentFrame[], DocumentNumbers[]] = [[], []]
  return {
    ...{ taken, welcomes },
    numbers: () => ({ addresses: 4 }),
    welcomed: (theirs) => {
      welcomes.push(theirs)
      return (theirs.addresses ?? 9) < 4 ? [kept] : []
    },
    take: (frame) => void taken.push(frame),
  }
}

it('says in hello which documents it has, and hands back what welcome says is older', async () => {
  const collector = await startScriptedCollector({ onHello: (connection) => sendWelcome(connection, { documents: { addresses: 3 } }) })
  const documents = exchange()
  await startTestWire(collector, { documents })
  await expect.poll(() => collector.connections[0]?.heard[1], within).toEqual(kept)
  expect(collector.connections[0]?.heard[0]).toMatchObject({ kind: 'hello', documents: { addresses: 4 } })
})

it('hands nothing to a collector that knows no documents, whatever its welcome holds', async () => {
  const collector = await startScriptedCollector({
    onHello: (connection) => sendWelcome(connection, { capabilities: ['skipped'], documents: { addresses: 3 } }),
  })
  const documents = exchange()
  const { wire } = await startTestWire(collector, { documents })
  await connected(wire)
  expect(documents.welcomes).toEqual([{}])
  wire.stop('stop')
  await expect.poll(() => collector.connections[0]?.heard.map(({ kind }) => kind), within).toEqual(['hello', 'goodbye'])
})

it('takes a document when it comes, and one that comes before welcome is nonsense', async () => {
  const collector = await startScriptedCollector()
  const documents = exchange()
  const { wire } = await startTestWire(collector, { documents })
  await connected(wire)
  const newer = { ...kept, number: 5 }
  collector.connections[0]?.send(newer)
  await expect.poll(() => documents.taken, within).toEqual([newer])

  collector.script.onHello = (connection) => connection.send(newer)
  collector.connections[0]?.socket.terminate()
  await expect.poll(() => collector.connections.length, within).toBeGreaterThan(2)
  expect(documents.taken).toEqual([newer])
})

it('says what became of each dial: welcomed, or failed with whatever came instead', async () => {
  const collector = await startScriptedCollector()
  const told: string[] = []
  const nobody = 'https://127.0.0.1:1'
  const places = [nobody, collector.url]
  const identity = {
    get collector() {
      return places[0] ?? collector.url
    },
    dialled: (dialled: string, outcome: string) => {
      told.push(`${dialled === nobody ? 'nobody' : 'collector'} ${outcome}`)
      if (outcome === 'failed') places.shift()
    },
    credentials: async () => collector.credentials,
    lookup: undefined,
  }
  const { wire } = await startTestWire(collector, { identity })
  await connected(wire)
  expect(told).toEqual(['nobody failed', 'collector welcomed'])

  collector.script.refuses = () => ({ status: 403, body: { code: 'certificate-expired', message: 'renew it' } })
  collector.connections[0]?.socket.terminate()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(told).toHaveLength(2)
  collector.script.refuses = () => ({ status: 403, body: { code: 'certificate-revoked', message: 'you were removed' } })
  await expect.poll(() => told.at(-1), within).toBe('collector failed')
})
