import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAudit } from '../../../server/audit/audit.ts'
import { createPeople, type People } from '../../../server/people/people.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { storeUrl } from '../../support/database.ts'
import { FakeTime } from '../../support/fake-time.ts'

export interface OpenPeople extends AsyncDisposable {
  people: People
  store: Store
  time: FakeTime
}

export async function openPeople(): Promise<OpenPeople> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-people-'))
  const time = new FakeTime()
  const store = await openStore(await storeUrl(folder))
  return {
    ...{ store, time, people: createPeople({ store, time, audit: createAudit({ time }) }) },
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
