import { type ChildProcess, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandDetail } from '#shared/api/commands.ts'
import { archivePieceBytes } from '#shared/protocol/archive.ts'
import { writeDocuments } from '../scenario/stage/attack.ts'
import { agentsPort, openWorld, sharePort, tryConnection, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { canCapture, capture, type Frame, isForbidden } from '../support/cable.ts'

const hasTools = ['tc', 'ss'].every((name) => spawnSync(name, ['-V']).status === 0)
const why = whyNoWorld() ?? (hasTools && canCapture ? undefined : 'tc, ss or tcpdump was not found; install iproute2 and tcpdump')
if (why) console.log(`archive-while-isolated is not run here: ${why}`)

const within = { timeout: 40_000, interval: 5 }

describe.skipIf(why)('evidence of a machine that is cut off', () => {
  let world: World
  const talkers: ChildProcess[] = []
  beforeAll(async () => {
    world = await openWorld((documents) => writeDocuments(documents, 20))
  })
  afterAll(async () => {
    for (const talker of talkers) talker.kill('SIGKILL')
    await world?.close()
  })

  it('arrives whole over a line that broke in the middle, goes on where it was, and reaches nobody else', {
    timeout: 120_000,
  }, async () => {
    const { endpoint, collector, neighbour } = world.machines
    await world.person.post(`/api/endpoints/${world.endpointId}/isolate`, { reason: 'to see what can be had of it' })
    await world.until(({ isolation }) => isolation.actual === 'isolated')
    const frames: Frame[] = []
    talkers.push(await capture(world.tap, 'in', frames))
    // What no compression makes small: command lines of random words.
    for (let count = 0; count < 8; count++) talkers.push(endpoint.spawn('sh', ['-c', 'sleep 300; :', ...words(75_000)]))
    const slowly = ['qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', 'rate', '3mbit', 'burst', '32kb', 'latency', '400ms']
    expect(endpoint.run('tc', slowly)).toMatchObject({ code: 0 })

    const asked = { verb: 'collect-diagnostics', reason: 'evidence' }
    const { id } = await world.person.post<{ id: string }>(`/api/endpoints/${world.endpointId}/commands`, asked)
    const file = join(dirname(world.databaseFile), 'archives', `${id}.tar.gz`)
    await expect.poll(() => sizeOf(`${file}.part`), within).toBeGreaterThanOrEqual(archivePieceBytes)
    const arrived = sizeOf(`${file}.part`)
    expect(collector.run('ss', ['-K', 'sport', '=', `:${agentsPort}`])).toMatchObject({ code: 0 })
    expect(await tryConnection(endpoint, neighbour.ipv4, sharePort)).toBe('ECONNREFUSED')

    let least = arrived
    const isThere = (): boolean => {
      if (!existsSync(file)) least = Math.min(least, sizeOf(`${file}.part`))
      return existsSync(file)
    }
    await expect.poll(isThere, within).toBe(true)
    // Nothing of what had arrived was sent again.
    expect(least).toBe(arrived)
    const detail = (): Promise<CommandDetail> => world.person.get(`/api/commands/${id}`)
    await expect.poll(async () => (await detail()).status, within).toBe('succeeded')
    expect(hashOf(file)).toBe((await detail()).archive?.sha256)
    expect((await world.endpoint()).isolation.actual).toBe('isolated')
    expect(frames.length).toBeGreaterThan(statSync(file).size / 65_536)
    expect(frames.filter(isForbidden(collector.ipv4, agentsPort)).map(({ says }) => says)).toEqual([])
  })
})

const words = (bytes: number): string[] =>
  randomBytes(bytes)
    .toString('base64')
    .match(/.{1,70}/g) ?? []
const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0)
const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
