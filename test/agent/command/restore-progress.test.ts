import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import type { Backups } from '../../../agent/command/backups.ts'
import { silent } from '../../../agent/command/live.ts'
import { restoreFrom } from '../../../agent/command/restore.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('says every five seconds how much lies in the folder, while restic itself says nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-progress-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const top = join(folder, 'files')
  const { promise: end, resolve: ends } = Promise.withResolvers<void>()
  let isWritten = false
  const backups: Backups = {
    list: async () => [{ id: 'a'.repeat(64), at: 1, paths: [top], verifiedAt: 2 }],
    verifyNext: async () => undefined,
    settings: { repository: '/repo', passwordFile: '/password', environment: {}, restoresInto: [top] },
    restic: {
      snapshots: async () => [],
      files: async () => [],
      about: async () => ({ version: '0.14.0', features: [] }),
      restore: async (_snapshot, _paths, into) => {
        await mkdir(join(into, top, 'deep'), { recursive: true })
        await writeFile(join(into, top, 'deep', 'a.bin'), Buffer.alloc(3 * 1_048_576))
        await writeFile(join(into, top, 'b.txt'), 'b')
        isWritten = true
        await end
      },
    },
  }
  const time = new FakeTime()
  const notes: string[] = []
  const live = { ...silent, progress: (_done: number, note: string) => void notes.push(note) }
  const restoring = restoreFrom(backups, join(folder, 'agent'), 'id-1', { paths: [top], before: 5 }, { live, time })
  await vi.waitFor(() => expect(isWritten).toBe(true))
  await time.advance(seconds(5))
  await vi.waitFor(() => expect(notes.at(-1)).toContain('verifies it: 2 files, 3 MiB so far'))
  ends()
  expect(await restoring).toMatchObject({ outcome: 'succeeded', output: { restored: 2 } })
  const told = notes.length
  await time.advance(seconds(60))
  expect(notes).toHaveLength(told)
})
