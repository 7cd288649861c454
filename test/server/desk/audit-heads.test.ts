import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import auditHeads from '#shared/protocol/documents/audit-heads.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { headText } from '../../../server/audit/chain.ts'
import { giveHead } from '../../../server/desk/audit-heads.ts'
import { openIdentity } from '../../../server/identity/identity.ts'
import { openPeople } from '../people/open-people.ts'

it('the head leaves this machine once a day: to a file, to the admins’ receivers, to every agent', async () => {
  await using opened = await openPeople()
  const { store, time, people } = opened
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-heads-'))
  using _ = { [Symbol.dispose]: () => rmSync(dataDir, { recursive: true }) }
  await people.ensureFirstRun({ mode: 'observe', timeZone: 'UTC' })
  const receiver = { id: 'r', name: 'Admins', notifier: 'webhook', settings: '{}', organisation_id: null, audience: 'everybody' as const }
  const unset = { person_id: null, rank: null, address: null, disabled_at: null, created_at: 1 }
  await store.db
    .insertInto('receivers')
    .values([
      { ...receiver, ...unset, team: 'admin' },
      { ...receiver, ...unset, id: 'other', team: 'tier1' },
    ])
    .execute()
  const { documents } = await openIdentity({ dataDir, store, time, verbs: ['*'] })
  const audit = createAudit({ time })
  const told: number[] = []
  const give = () =>
    giveHead({
      store,
      time,
      audit,
      documents,
      dataDir,
      log: pino({ level: 'silent' }),
      outbox: { nudge: () => void told.push(time.now()) },
    })

  await give()
  await give()
  const first = headText(await audit.settle(store.db))
  const act = { actor: 'ada', action: 'thing.change', target: 'thing:1', organisationId: null, detail: {} }
  await audit.record(store.db, act)
  await give()
  expect(documents.content(auditHeads)?.heads).toHaveLength(1)
  time.advance(hours(25))
  await give()
  const second = headText(await audit.settle(store.db))

  expect(
    readFileSync(join(dataDir, 'audit-heads.txt'), 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual([first, second, ''])
  expect(documents.content(auditHeads)?.heads.map(headText)).toEqual([first, second])
  const notices = await store.db.selectFrom('outbox').select(['receiver_id', 'body']).orderBy('created_at').execute()
  expect(notices.map(({ receiver_id }) => receiver_id)).toEqual(['r', 'r'])
  expect(notices[1]?.body).toContain(second)
  expect(told).toHaveLength(2)
})
