import { randomUUIDv7 } from 'node:crypto'
import { openStore, type Store } from '../../server/store/store.ts'
import type { Pass } from './passes.ts'

/** As many machines stand in one place. */
const perSite = 50
/** Rows written at once, so that a collector that runs beside has its turn in between. */
const bite = 500

/** Makes the endpoints of these passes known, as an enrolment of each would have done; the collector may be running. */
export async function enrolAll(storeUrl: string, passes: readonly Pass[], now: number): Promise<void> {
  await withStore(storeUrl, async (store) => {
    const { db, capabilities } = store
    const { id: organisationId } = await db.selectFrom('organisations').select('id').orderBy('created_at').executeTakeFirstOrThrow()
    const sites = await makeSites(store, organisationId, Math.ceil(passes.length / perSite), now)
    for (let from = 0; from < passes.length; from += bite) {
      const some = passes.slice(from, from + bite)
      const endpoints = some.map(({ endpointId }, index) => ({
        ...{ id: endpointId, organisation_id: organisationId, site_id: sites[Math.floor((from + index) / perSite)] ?? null },
        ...{ hostname: `swarm-${from + index + 1}`, platform: 'linux' as const, confirmed_role: 'server' as const },
        ...{ enrolled_at: now, removed_at: null },
      }))
      const certificates = some.map(({ serial, endpointId, notBefore, notAfter }) => ({
        ...{ serial, endpoint_id: endpointId, not_before: notBefore, not_after: notAfter, issued_at: now, revoked_at: null },
      }))
      await db.transaction().execute(async (tx) => {
        await capabilities.putRows(tx, 'endpoints', endpoints, 'ignore')
        await capabilities.putRows(tx, 'certificates', certificates, 'ignore')
      })
    }
  })
}

/** They are no machines of this collector any more, so nobody misses them. */
export async function removeAll(storeUrl: string, passes: readonly Pass[], now: number): Promise<void> {
  await withStore(storeUrl, async ({ db }) => {
    for (let from = 0; from < passes.length; from += bite) {
      const ids = passes.slice(from, from + bite).map(({ endpointId }) => endpointId)
      await db.transaction().execute(async (tx) => {
        await tx.updateTable('endpoints').set({ removed_at: now }).where('id', 'in', ids).execute()
        await tx.updateTable('certificates').set({ revoked_at: now }).where('endpoint_id', 'in', ids).execute()
      })
    }
  })
}

async function makeSites({ db, capabilities }: Store, organisationId: string, count: number, now: number): Promise<string[]> {
  const sites = Array.from({ length: count }, (_, index) => ({
    ...{ id: randomUUIDv7(), organisation_id: organisationId, name: `Swarm ${index + 1}`, time_zone: null, created_at: now },
  }))
  await db.transaction().execute((tx) => capabilities.putRows(tx, 'sites', sites, 'ignore'))
  return sites.map(({ id }) => id)
}

async function withStore(url: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(url)
  try {
    await work(store)
  } finally {
    await store.close()
  }
}
