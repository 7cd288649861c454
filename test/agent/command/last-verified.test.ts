import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { lastVerified } from '../../../agent/command/backups.ts'

it('is when a backup was tried out and good: never, last, and nobody’s where this machine names no backup', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-verified-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const settings = join(folder, 'restic.json')
  expect(await lastVerified(folder, settings)).toBeUndefined()
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, 'x', { mode: 0o600 })
  writeFileSync(settings, JSON.stringify({ repository: '/srv/backup', passwordFile, restoresInto: ['/srv'] }), { mode: 0o600 })
  expect(await lastVerified(folder, settings)).toEqual({ at: null })
  writeFileSync(join(folder, 'verified.json'), JSON.stringify({ one: 5, other: 9, third: 7 }))
  expect(await lastVerified(folder, settings)).toEqual({ at: 9 })
})
