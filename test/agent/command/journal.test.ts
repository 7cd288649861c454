import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { days } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { openCollectorTime } from '../../../agent/command/collector-time.ts'
import { type CommandJournal, openCommandJournal } from '../../../agent/command/journal.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { anOrder, issuedAt } from './orders.ts'

let folder: string
let file: string
let now: number
let opened: CommandJournal[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-journal-'))
  file = join(folder, 'commands.jsonl')
  now = issuedAt
  opened = []
})
afterEach(async () => {
  for (const journal of opened) journal.close()
  await rm(folder, { recursive: true })
})

function open(): CommandJournal {
  const journal = openCommandJournal(file, () => now)
  opened.push(journal)
  return journal
}
const resultOf = (commandId: string): ResultRecord => ({
  ...{ v: 1, type: 'result', commandId, verb: 'isolate-host', outcome: 'succeeded', startedAt: 1, finishedAt: 2, detail: '' },
})

function settle(journal: CommandJournal, id: string): void {
  journal.start(anOrder({ id }), now)
  journal.finish(resultOf(id))
  journal.reported(id)
}

describe('the journal of commands', () => {
  it('that the disk lets nobody write anew is written on', async () => {
    settle(open(), 'command-1')
    await mkdir(`${file}.new`)
    const again = open()
    again.start(anOrder({ id: 'command-2' }), now)
    expect(open().entries()).toMatchObject([
      { order: { id: 'command-1' }, isReported: true },
      { order: { id: 'command-2' }, isReported: false },
    ])
  })

  it('remembers what was begun, what came of it, and what was reported', async () => {
    const journal = open()
    journal.start(anOrder({ id: 'begun-000' }), 5)
    settle(journal, 'settled-0')
    expect(open().entries()).toEqual([
      { order: anOrder({ id: 'begun-000' }), startedAt: 5, isReported: false },
      { order: anOrder({ id: 'settled-0' }), startedAt: now, isReported: true, result: resultOf('settled-0') },
    ])
  })

  it('survives a torn last line', async () => {
    const journal = open()
    settle(journal, 'settled-0')
    await appendFile(file, '{"v":1,"kind":"started","order":{"id":"to')
    const again = open()
    settle(again, 'settled-1')
    expect(
      open()
        .entries()
        .map(({ order }) => order.id),
    ).toEqual(['settled-0', 'settled-1'])
  })

  it('refuses to be opened when it can’t be read', async () => {
    await rm(folder, { recursive: true })
    await writeFile(folder, 'a file where a folder should be')
    expect(open).toThrow()
  })

  it('keeps what may come again, and only the newest of the rest', async () => {
    const journal = open()
    for (let count = 0; count < 250; count += 1) settle(journal, `settled-${count}`)
    expect(open().entries()).toHaveLength(250)

    now += 3_600_000
    const later = open()
    expect(later.entries()).toHaveLength(200)
    expect(later.find('settled-49')).toBeUndefined()
    expect(later.find('settled-50')).toBeDefined()
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(601)
  })
})

describe('the collector’s time', () => {
  const far = Date.UTC(2100, 0)
  async function noted(register: { issuedAt: number } | undefined, at = issuedAt): Promise<number> {
    const own = await mkdtemp(join(tmpdir(), 'tierline-collector-time-'))
    onTestFinished(() => rm(own, { recursive: true }))
    const collectorTime = openCollectorTime(join(own, 'collector-time'), new FakeTime(at), pino({ level: 'silent' }), () => register)
    collectorTime.note(issuedAt + days(1))
    collectorTime.note(far)
    return collectorTime.latest()
  }

  it('is believed a day ahead at most where operators are named', async () => {
    expect(await noted({ issuedAt })).toBe(issuedAt + days(1))
  })

  it('is believed in all where none are, or where this clock stands before their register', async () => {
    const wrong = [await noted({ issuedAt: issuedAt + 1 }), await noted({ issuedAt: 0 }, 1)]
    expect([await noted(undefined), ...wrong]).toEqual([far, far, far])
  })
})
