import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keptHeads, witness } from '../../../agent/identity/audit-heads.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tierline-witness-'))
  mkdirSync(join(dataDir, 'identity'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const head = (number: number, letter: string) => ({ number, hash: letter.repeat(64), at: number * 1_000 })

it('an agent keeps each head it was given, once', async () => {
  expect(await witness(dataDir, [head(1, 'a')])).toBeUndefined()
  expect(await witness(dataDir, [head(1, 'a'), head(2, 'b')])).toBeUndefined()
  expect(keptHeads(dataDir)).toEqual([`1:${'a'.repeat(64)} 1970-01-01T00:00:01.000Z`, `2:${'b'.repeat(64)} 1970-01-01T00:00:02.000Z`])
})

it('a line that has another hash than before is a critical signal, and both hashes are kept', async () => {
  await witness(dataDir, [head(1, 'a'), head(2, 'b')])
  expect(await witness(dataDir, [head(1, 'a'), head(2, 'c')])).toMatchObject({
    kind: 'security.audit.rewritten',
    severity: 'critical',
    about: '2',
  })
  expect(keptHeads(dataDir)).toHaveLength(3)
})
