import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { type CommandJournal, openCommandJournal } from '../../../agent/command/journal.ts'
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
  for (const journal of opened) await journal.close()
  await rm(folder, { recursive: true })
})

async function open(): Promise<CommandJournal> {
  const journal = await openCommandJournal(file, () => now)
  opened.push(journal)
  return journal
}
const resultOf = (commandId: string): ResultRecord => ({
  ...{ v: 1, type: 'result', commandId, verb: 'isolate-host', outcome: 'succeeded', startedAt: 1, finishedAt: 2, detail: '' },
})

async function settle(journal: CommandJournal, id: string): Promise<void> {
  await journal.start(anOrder({ id }), now)
  await journal.finish(resultOf(id))
  await journal.reported(id)
}

describe('the journal of commands', () => {
  it('remembers what was begun, what came of it, and what was reported', async () => {
    const journal = await open()
    await journal.start(anOrder({ id: 'begun-000' }), 5)
    await settle(journal, 'settled-0')
    expect((await open()).entries()).toEqual([
      { order: anOrder({ id: 'begun-000' }), startedAt: 5, isReported: false },
      { order: anOrder({ id: 'settled-0' }), startedAt: now, isReported: true, result: resultOf('settled-0') },
    ])
  })

  it('survives a torn last line', async () => {
    const journal = await open()
    await settle(journal, 'settled-0')
    await appendFile(file, '{"v":1,"kind":"started","order":{"id":"to')
    const again = await open()
    await settle(again, 'settled-1')
    expect((await open()).entries().map(({ order }) => order.id)).toEqual(['settled-0', 'settled-1'])
  })

  it('refuses to be opened when it can’t be read', async () => {
    await rm(folder, { recursive: true })
    await writeFile(folder, 'a file where a folder should be')
    await expect(open()).rejects.toThrow()
  })

  it('keeps what may come again, and only the newest of the rest', async () => {
    const journal = await open()
    for (let count = 0; count < 250; count += 1) await settle(journal, `settled-${count}`)
    expect((await open()).entries()).toHaveLength(250)

    now += 3_600_000
    const later = await open()
    expect(later.entries()).toHaveLength(200)
    expect(later.find('settled-49')).toBeUndefined()
    expect(later.find('settled-50')).toBeDefined()
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(601)
  })
})
