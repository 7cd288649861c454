import { expect, it } from 'vitest'
import { createAudit } from '../../../server/audit/audit.ts'
import { openPeople } from '../people/open-people.ts'

const entry = { actor: 'system', action: 'thing.change', target: 'thing:1', organisationId: null, detail: { why: 'a test' } }

it('an entry stands or falls with the transaction that it tells of', async () => {
  await using opened = await openPeople()
  const { store, time } = opened
  const audit = createAudit({ time })
  const failing = store.db.transaction().execute(async (tx) => {
    await audit.record(tx, entry)
    throw new Error('the change failed')
  })
  await expect(failing).rejects.toThrow('the change failed')
  await audit.record(store.db, entry)
  const lines = await store.db.selectFrom('audit').selectAll().execute()
  expect(lines).toEqual([
    {
      id: expect.any(String),
      at: time.now(),
      actor: 'system',
      action: 'thing.change',
      target: 'thing:1',
      organisation_id: null,
      detail: '{"why":"a test"}',
    },
  ])
})
