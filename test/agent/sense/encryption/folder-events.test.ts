import { randomBytes } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { minutes, type Time } from '#shared/domain/time.ts'
import { createProbe, type Probe } from '../../../../agent/host/probe.ts'
import { jsonFile } from '../../../../agent/json-file.ts'
import type { Watching } from '../../../../agent/sense/define-detector.ts'
import detector from '../../../../agent/sense/detectors/ransomware-encryption.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

/* A machine without fatrace. */
const real = createProbe({ time: systemTime, log: silent })
const probe: Probe = { ...real, followFileEvents: async () => ({ kind: 'unsupported', reason: 'fatrace is not installed' }) }
let top: string
let said: Omit<Happening, 'detector'>[]
let watching: Watching | undefined

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tierline-folders-'))
  said = []
})
afterEach(async () => {
  await watching?.stop()
  rmSync(top, { recursive: true })
})

const names = Array.from({ length: 30 }, (_, index) => `Plan ${index}.docx`)
const folderOf = (index: number): string => join(top, `Team ${index % 3}`)
const pathOf = (index: number): string => join(folderOf(index), names[index] ?? '')
const words = (): Buffer => Buffer.from('what was agreed upon, '.repeat(100))

async function watch(more: { spread?: { except: string[]; root: string }; time?: Time } = {}): Promise<void> {
  for (const [index] of names.entries()) {
    mkdirSync(folderOf(index), { recursive: true })
    writeFileSync(pathOf(index), words())
  }
  // What came to be this second was never anything else.
  await new Promise((done) => setTimeout(done, 1_100))
  const started = await detector.watch(probe, async (event) => void said.push(event), {
    settings: {
      ...{ canaryDirs: more.spread ? [] : [top], canaryFile: jsonFile(join(top, '.none')), services: [], authLogs: [] },
      ...{ writers: new Writers(systemTime), spreadsCanaries: () => more.spread },
    },
    ...{ time: more.time ?? systemTime, log: silent, stop: new AbortController().signal, role: 'workstation' },
    ...{ standing: () => undefined, healthSettings: () => ({}), isStrained: async () => false, again: () => undefined },
    broken: (reason) => expect.unreachable(reason),
  })
  if ('unsupported' in started) expect.unreachable(started.unsupported)
  else watching = started
}

describe.skipIf(process.platform !== 'linux')('without fatrace, files that turn unreadable', () => {
  const turn = (path: string): void => writeFileSync(path, randomBytes(4_096))
  it.each<[string, (path: string) => void]>([
    ['in place', turn],
    [
      'beside, and the original deleted',
      (path) => {
        turn(`${path}.locked`)
        rmSync(path)
      },
    ],
    [
      'in place, and renamed',
      (path) => {
        turn(path)
        renameSync(path, `${path}.x7`)
      },
    ],
  ])('%s, are seen over all folders, and nobody is accused', async (_, encrypt) => {
    await watch()
    for (const [index] of names.entries()) encrypt(pathOf(index))
    await vi.waitFor(() => expect(said).not.toEqual([]), { timeout: 10_000, interval: 20 })
    expect(said[0]).toMatchObject({ kind: 'security.ransomware.encryption', severity: 'critical', facts: { process: 'unknown' } })
    expect(said[0]?.summary).toMatch(/^An unknown process turned \d+ files unreadable/)
  })

  it('are none of those that are packed, saved or deleted', async () => {
    await watch()
    for (const [index] of names.entries()) {
      if (index % 3 === 0) rmSync(pathOf(index))
      else if (index % 3 === 1) writeFileSync(pathOf(index), `${'what was agreed upon later, '.repeat(90)}`)
      else {
        writeFileSync(`${pathOf(index)}.gz`, gzipSync(randomBytes(9_000)))
        rmSync(pathOf(index))
      }
    }
    await new Promise((done) => setTimeout(done, 1_500))
    expect(said).toEqual([])
  })

  it('are seen in a folder that came later', async () => {
    await watch()
    mkdirSync(join(top, 'Later'))
    await new Promise((done) => setTimeout(done, 600))
    for (const name of names) writeFileSync(join(top, 'Later', name), words())
    await new Promise((done) => setTimeout(done, 1_300))
    for (const name of names) writeFileSync(join(top, 'Later', name), randomBytes(4_096))
    await vi.waitFor(() => expect(said).not.toEqual([]), { timeout: 10_000, interval: 20 })
  })

  it.each<[string, (from: string, to: string) => void]>([
    ['moved there', renameSync],
    ['copied there', (from, to) => cpSync(from, to, { recursive: true })],
  ])('are seen in a tree of folders that was %s', async (_, bring) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'tierline-elsewhere-'))
    onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }))
    const deep = join('Case', 'Letters', '2026')
    mkdirSync(join(elsewhere, deep), { recursive: true })
    for (const name of names) writeFileSync(join(elsewhere, deep, name), words())
    await watch()
    bring(join(elsewhere, 'Case'), join(top, 'Case'))
    await new Promise((done) => setTimeout(done, 1_500))
    for (const name of names) turn(join(top, deep, name))
    await vi.waitFor(() => expect(said).not.toEqual([]), { timeout: 10_000, interval: 20 })
  })

  describe('are seen, of people who came later,', () => {
    /** Five minutes are a moment. */
    const time: Time = { ...systemTime, after: (ms, run) => systemTime.after(ms >= minutes(5) ? 100 : ms, run) }
    const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 1_500))
    const home = (name: string): string => join(top, 'home', name)
    function settleIn(name: string): void {
      mkdirSync(join(home(name), 'Papers'), { recursive: true })
      mkdirSync(join(top, 'etc'), { recursive: true })
      appendFileSync(join(top, 'etc/passwd'), `${name}:x:1000:1000::/home/${name}:/bin/sh\n`)
      for (const each of names) writeFileSync(join(home(name), 'Papers', each), words())
    }
    const turnAll = (name: string): void => names.forEach((each) => void turn(join(home(name), 'Papers', each)))
    const isSeen = () => vi.waitFor(() => expect(said).not.toEqual([]), { timeout: 10_000, interval: 20 })

    it('where nobody was before', async () => {
      await watch({ spread: { except: [], root: top }, time })
      settleIn('anna')
      await settle()
      turnAll('anna')
      await isSeen()
      expect(said[0]?.facts).toMatchObject({ folders: [join(home('anna'), 'Papers')] })
    })

    it('in the place of what lies deeper, where so many folders are watched already', async () => {
      settleIn('eve')
      for (let index = 0; index < 400; index += 1) mkdirSync(join(home('eve'), 'Papers', `Case ${index}`))
      await watch({ spread: { except: [], root: top }, time })
      settleIn('anna')
      await settle()
      turnAll('anna')
      await isSeen()
    })

    it('by another folder of the same name, as a disk that is mounted there', async () => {
      settleIn('eve')
      await watch({ spread: { except: [], root: top }, time })
      renameSync(home('eve'), join(top, 'underneath'))
      settleIn('eve')
      await settle()
      turnAll('eve')
      await isSeen()
      expect(said[0]?.facts).toMatchObject({ folders: [join(home('eve'), 'Papers')] })
    })
  })
})
