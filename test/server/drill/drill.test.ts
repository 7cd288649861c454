import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startDrill } from '../../../server/drill/drill.ts'
import { openStage } from '../../../server/drill/stage.ts'
import { systemTime } from '../../../server/system-time.ts'
import { FakeTime } from '../../support/fake-time.ts'

let dataDir: string
const lines: string[] = []
const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tierline-drill-'))
  lines.length = 0
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** Its clock goes ten times as fast where it only waits. */
const hasty = { ...systemTime, after: (ms: number, run: () => void) => systemTime.after(ms / 100, run) }

it('plays attacks through the real desk, and each is isolated', async () => {
  await using stage = await openStage({ dataDir, time: systemTime, log })
  const isolated = []
  for (let count = 0; count < 5; count++) isolated.push(await stage.attack(count))
  expect(isolated).toEqual([true, true, true, true, true])
  expect(lines).toEqual([])
})

it('leaves nothing on the disk, and says at most that it is over', async () => {
  const drill = startDrill({ drills: true, dataDir, time: hasty, log, isBusy: () => false })
  await drill.done
  expect(await readdir(dataDir)).toEqual([])
  expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ msg: 'the drill is over', level: 20 })])
  expect(JSON.parse(lines[0] ?? '{}').isolations).toBeGreaterThan(70)
})

it('is away at once where the collector stops, in the middle too', async () => {
  const drill = startDrill({ drills: true, dataDir, time: hasty, log, isBusy: () => false })
  await vi.waitFor(async () => expect(await readdir(dataDir)).toHaveLength(1), { timeout: 5_000 })
  await drill.stop()
  expect(await readdir(dataDir)).toEqual([])
})

it('waits for whatever is real', async () => {
  const time = new FakeTime()
  const drill = startDrill({ drills: true, dataDir, time, log, isBusy: () => true })
  await time.advance(600_000)
  expect(await readdir(dataDir)).toEqual([])
  await drill.stop()
})

it('stops no collector: where it can’t be played, one line says so', async () => {
  const file = join(dataDir, 'file')
  await writeFile(file, '')
  await startDrill({ drills: true, dataDir: file, time: hasty, log, isBusy: () => false }).done
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([expect.stringContaining('the drill of the first attack ended early')])
})

it('is not played unless it is asked for', async () => {
  await startDrill({ dataDir, time: hasty, log, isBusy: () => false }).done
  expect(lines).toEqual([])
})
