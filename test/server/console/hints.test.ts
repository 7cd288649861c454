import { describe, expect, it } from 'vitest'
import { createRereader, staleBy } from '../../../server/console/live/hints.ts'

const event = { id: 'one', organisationId: 'org', endpointId: 'host', at: 0 }

describe('staleBy', () => {
  it('says what to read again', () => {
    expect(staleBy({ ...event, topic: 'ticket' })).toEqual([['tickets'], ['ticket', 'one'], ['endpoints'], ['endpoint', 'host']])
    expect(staleBy({ ...event, topic: 'endpoint' })).toEqual([['endpoints'], ['endpoint', 'one']])
    expect(staleBy({ ...event, topic: 'command' })).toEqual([['ticket'], ['endpoints'], ['command', 'one'], ['endpoint', 'host']])
    expect(staleBy({ ...event, topic: 'sample' })).toEqual([])
  })
})

describe('createRereader', () => {
  it('reads once for all hints that come while it reads, and loses none', async () => {
    const read: string[] = []
    const gates: (() => void)[] = []
    const reread = createRereader((key) => {
      read.push(key.join('/'))
      return new Promise<void>((resolve) => gates.push(resolve))
    })
    reread([['tickets']])
    for (let count = 0; count < 100; count += 1) reread([['tickets']])
    reread([['endpoints']])
    expect(read).toEqual(['tickets'])
    gates.shift()?.()
    await expect.poll(() => read).toEqual(['tickets', 'tickets', 'endpoints'])
  })

  it('goes on after a reading that failed', async () => {
    const read: string[] = []
    const reread = createRereader(async (key) => {
      read.push(key.join('/'))
      throw new Error('the collector does not answer')
    })
    reread([['tickets']])
    await expect.poll(() => read).toHaveLength(1)
    await Promise.resolve()
    reread([['endpoints']])
    await expect.poll(() => read).toEqual(['tickets', 'endpoints'])
  })
})
