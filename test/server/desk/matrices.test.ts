import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { openMatrices, shippedMatrix } from '../../../server/desk/matrices.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ startsAt: '2026-11-23T09:00:00+01:00' })
})
afterEach(() => room.close())

const yaml = await readFile(shippedMatrix, 'utf8')
/** Twice as strict: P3 answers in an hour instead of two, P2 in ten minutes. */
const stricter = yaml
  .replace('P3: { respond: 2h, resolve: 20h', 'P3: { respond: 1h, resolve: 10h')
  .replace('P2: { respond: 30m, resolve: 8h, calendar: office }', 'P2: { respond: 10m, resolve: 4h, calendar: office }')

const full = { kind: 'health.disk.full', endpointId: 'srv', severity: 'medium' as const }
const ticketOn = async (endpointId: string) =>
  room.store.db.selectFrom('tickets').selectAll().where('endpoint_id', '=', endpointId).executeTakeFirstOrThrow()
const respondsBy = async (endpointId: string) => new Date((await ticketOn(endpointId)).respond_by ?? 0).toISOString()
const log = pino({ level: 'silent' })

describe('a version that somebody puts', () => {
  it('decides the next signal without a restart, and who put it is kept', async () => {
    expect(await room.matrices.put(stricter, 'ada')).toMatchObject({ kind: 'kept', matrix: { version: 2 } })
    await room.signals(full)
    expect(await ticketOn('srv')).toMatchObject({ matrix_version: 2, plan_version: 2 })
    expect(await respondsBy('srv')).toBe('2026-11-23T09:00:00.000Z')
    const kept = await room.store.db.selectFrom('matrix_versions').select(['version', 'author']).orderBy('version').execute()
    expect(kept).toEqual([
      { version: 1, author: 'system' },
      { version: 2, author: 'ada' },
    ])
  })

  it('is refused when it is bad, and the one in force stays', async () => {
    expect(await room.matrices.put(yaml.replace('P3: digest', 'P3: never'), 'ada')).toMatchObject({ kind: 'bad' })
    expect(room.matrices.rules.matrix.version).toBe(1)
    await room.signals(full)
    expect(await ticketOn('srv')).toMatchObject({ matrix_version: 1 })
  })

  it('leaves open tickets their plan, also when they are raised', async () => {
    await room.signals(full)
    await room.matrices.put(stricter, 'ada')
    await room.signals({ ...full, severity: 'high' })
    expect(await ticketOn('srv')).toMatchObject({ priority: 'P2', matrix_version: 2, plan_version: 1 })
    expect(await respondsBy('srv')).toBe('2026-11-23T08:30:00.000Z')
  })

  it('leaves them their plan over a restart as well', async () => {
    await room.signals(full)
    await room.matrices.put(stricter, 'ada')
    room = await room.restart()
    expect(room.matrices.rules.matrix.version).toBe(2)
    await room.signals({ ...full, severity: 'high' })
    expect(await respondsBy('srv')).toBe('2026-11-23T08:30:00.000Z')
  })

  it('is found when another process has put it', async () => {
    const stop = room.matrices.watch(log)
    const elsewhere = await openMatrices({ store: room.store, time: room.time })
    await elsewhere.put(stricter, 'ada')
    expect(room.matrices.rules.matrix.version).toBe(1)
    await room.time.advance(seconds(3))
    await expect.poll(() => room.matrices.rules.matrix.version).toBe(2)
    await stop()
  })
})

describe('which matrix is in force at the start', () => {
  it('the one that people put last, and a file that is named before all', async () => {
    await room.matrices.put(stricter, 'ada')
    const folder = await mkdtemp(join(tmpdir(), 'tierline-matrix-'))
    const file = join(folder, 'own.yaml')
    await writeFile(file, `${yaml}\n# of our own\n`)
    const named = await openMatrices({ store: room.store, time: room.time, file })
    expect(named.rules.matrix).toMatchObject({ version: 3, yaml: expect.stringContaining('# of our own') })
    expect(await named.put(stricter, 'ada')).toMatchObject({ kind: 'refused', reason: expect.stringContaining('--matrix') })
    await rm(folder, { recursive: true })
  })

  it('the one that ships, when nobody put another, also after an update has changed it', async () => {
    await room.store.db.updateTable('matrix_versions').set({ yaml: 'as it once shipped', sha256: 'other' }).execute()
    const updated = await openMatrices({ store: room.store, time: room.time })
    expect(updated.rules.matrix).toMatchObject({ version: 2, yaml })
  })

  it('none, with the line of each error, when what people put can not be read any more', async () => {
    await room.store.db.updateTable('matrix_versions').set({ yaml: 'calendars: 1', author: 'ada' }).execute()
    await expect(openMatrices({ store: room.store, time: room.time })).rejects.toThrow(/matrix version 1:1:1 calendars/)
  })
})
