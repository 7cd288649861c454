import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { createArchives } from '../../../server/archive/archive.ts'
import { openStore } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('what was collected ends after 90 days, also where nobody collects anything any more', async () => {
  await using teardowns = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-archives-'))
  teardowns.defer(() => rmSync(dataDir, { recursive: true }))
  const store = await openStore(await storeUrl(dataDir))
  teardowns.defer(() => store.close())
  const time = new FakeTime()
  const archives = createArchives({ store, time, dataDir, log: pino({ level: 'silent' }), teardowns })
  const now = time.now()
  const about = { organisation_id: 'acme', endpoint_id: 'ws', bytes: 1, sha256: '', completed_at: now }
  const rows = [
    { id: 'old', ...about, begun_at: now - days(90) },
    { id: 'young', ...about, begun_at: now - days(89) },
  ]
  await store.db.insertInto('archives').values(rows).execute()
  for (const { id } of rows) writeFileSync(archives.file(id), 'x')
  await time.advance(hours(6))
  await expect.poll(() => store.db.selectFrom('archives').select('id').execute()).toEqual([{ id: 'young' }])
  expect(rows.map(({ id }) => existsSync(archives.file(id)))).toEqual([false, true])
})
