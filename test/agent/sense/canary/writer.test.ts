import { appendFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seconds, type Time } from '#shared/domain/time.ts'
import { accuse } from '../../../../agent/sense/canary/accuse.ts'
import type { Observation } from '../../../../agent/sense/canary/examine.ts'
import type { Verdict } from '../../../../agent/sense/canary/touches.ts'
import { Writers } from '../../../../agent/sense/writers/writers.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeTime } from '../../../support/fake-time.ts'

const path = '/home/anna/Contract draft.docx'
const observation = (where: string): Observation & { kind: 'touched' } => ({
  ...{ kind: 'touched', change: 'unreadable', touchedAt: 1, where, evidence: [], facts: {} },
})
const verdict = (change: Verdict['change'], touched = 1): Verdict => ({
  ...{ change, severity: 'critical', touched: Array.from({ length: touched }, String), touchedAt: 1, rank: 4 },
})
const tree = (exe: string) => ({
  key: '7 7',
  top: {
    pid: 7,
    startTicks: 7,
    parent: 1,
    name: 'x\u001b[31m',
    exe,
    commandLine: 'x --password hunter2',
    userId: 1_000,
    leadsTerminal: false,
  },
})

/** What is asked by number is known to nobody here, or never answers. */
const look = (hash: Promise<string | undefined> = Promise.resolve(undefined), time: Time = systemTime, lies?: string) => ({
  images: { of: () => hash, at: async () => lies },
  time,
})

async function accused(change: Verdict['change'], touched: number, exe = '/tmp/x') {
  const writers = new Writers(systemTime)
  writers.setFed(true)
  const halted: number[] = []
  const asked = accuse(
    path,
    verdict(change, touched),
    observation(`${path}.enc`),
    {
      writers,
      suspend: async ({ pid }) => {
        halted.push(pid)
        return { kind: 'suspended', processes: [{ pid, startTicks: 7 }] }
      },
    },
    look(),
  )
  // The kernel's word comes a moment after the file's.
  writers.note(`${path}.enc`, 7, tree(exe))
  return { ...(await asked), halted }
}

it('names whoever touched a decoy, masked and printable, and halts it at once', async () => {
  const { facts, evidence, halted } = await accused('unreadable', 1)
  expect(halted).toEqual([7])
  expect(facts).toMatchObject({ pid: 7, startTicks: 7, process: 'x�[31m', suspended: true, technique: 'T1486' })
  expect(JSON.stringify([facts, evidence])).not.toContain('hunter2')
})

it('halts whoever touched two, and nobody for an edit or a tidied file', async () => {
  expect((await accused('deleted', 2)).halted).toEqual([7])
  expect((await accused('edited', 1)).halted).toEqual([])
})

it('never halts a server of files for what its client does', async () => {
  expect((await accused('unreadable', 2, '/usr/sbin/smbd')).halted).toEqual([])
})

it('is said also when the halting fails, and halts nobody while somebody makes up who wrote what', async () => {
  const writers = new Writers(systemTime)
  writers.setFed(true)
  writers.note(path, 7, tree('/tmp/x'))
  const suspend = () => Promise.reject(new Error('kill ESRCH'))
  const asked = () => accuse(path, verdict('unreadable'), observation(path), { writers, suspend }, look())
  expect((await asked()).facts).toMatchObject({ pid: 7, suspended: false, whyNotSuspended: 'kill ESRCH' })
  writers.trustWhile(() => false)
  expect((await asked()).facts).toMatchObject({ pid: 7, suspended: false, whyNotSuspended: expect.stringContaining('makes up') })
})

it('names it by the hash that is known, and waits a second at most for one', async () => {
  const time = new FakeTime()
  const writers = new Writers(systemTime)
  writers.setFed(true)
  writers.note(path, 7, tree('/tmp/x'))
  const asked = (hash: Promise<string | undefined>) => accuse(path, verdict('unreadable'), observation(path), { writers }, look(hash, time))
  expect((await asked(Promise.resolve('cafe'))).facts.processSha256).toBe('cafe')
  const gone = await accuse(path, verdict('unreadable'), observation(path), { writers }, look(undefined, time, 'beef'))
  expect(gone.facts.processSha256).toBe('beef')
  const never = asked(new Promise(() => undefined))
  await new Promise(setImmediate)
  await time.advance(seconds(1))
  expect((await never).facts).toMatchObject({ pid: 7, processSha256: null })
})

it('blames nobody who wrote there long before', async () => {
  const time = new FakeTime()
  const writers = new Writers(time)
  writers.setFed(true)
  writers.note(path, 7, tree('/tmp/x'))
  await time.advance(seconds(9))
  expect(await writers.of([path], 0)).toBeDefined()
  await time.advance(seconds(2))
  const asked = writers.of([path], 1)
  await time.advance(1)
  expect(await asked).toBeUndefined()
})

it('says that nobody knows, where nobody tells of writers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-writer-'))
  appendFileSync(join(folder, 'x'), 'x')
  const writers = new Writers(systemTime)
  expect((await accuse(join(folder, 'x'), verdict('unreadable'), observation('y'), { writers }, look())).facts).toEqual({
    technique: 'T1486',
    process: 'unknown',
  })
  await rm(folder, { recursive: true })
})
