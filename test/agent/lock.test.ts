import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { takeLock } from '../../agent/lock.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'tierline-lock-'))

it('is held by one at a time, folder by folder, and can be taken again once released', async () => {
  const dir = folder()
  const first = await takeLock(dir)
  const elsewhere = await takeLock(folder())
  expect(first).toBeDefined()
  expect(elsewhere).toBeDefined()
  expect(await takeLock(dir)).toBeUndefined()
  await first?.release()
  const second = await takeLock(dir)
  expect(second).toBeDefined()
  await second?.release()
  await elsewhere?.release()
})
