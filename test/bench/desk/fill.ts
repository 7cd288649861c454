import type { Store } from '../../../server/store/store.ts'

const machineCount = 1_000
const staff = { tier1: 4, tier2: 3, tier3: 2, security: 2 }

/** A provider with people in its teams, a customer with machines, and a receiver that hears of everything. @returns the machines. */
export async function fillRoom({ db, capabilities }: Store): Promise<string[]> {
  const now = Date.now()
  const organisation = { id: 'acme', name: 'Acme', mode: 'live' as const, plan: 'standard', time_zone: 'Europe/Berlin', created_at: now }
  const machines = Array.from({ length: machineCount }, (_, at) => `machine-${at}`)
  const people = Object.entries(staff).flatMap(([team, count]) => Array.from({ length: count }, (_, at) => personOf(team, at, now)))
  await db.transaction().execute(async (tx) => {
    await tx.insertInto('organisations').values(organisation).execute()
    await capabilities.putRows(
      tx,
      'endpoints',
      machines.map((id) => ({
        ...{ id, organisation_id: 'acme', site_id: null, hostname: id, platform: 'linux' as const },
        ...{ confirmed_role: 'server' as const, enrolled_at: now, removed_at: null },
      })),
      'ignore',
    )
    await tx.insertInto('people').values(people).execute()
    const whose = { person_id: null, rank: null, team: null, address: null }
    const receiver = {
      id: 'hears-all',
      name: 'All',
      notifier: 'webhook',
      settings: '{}',
      organisation_id: null,
      audience: 'everybody' as const,
    }
    await tx
      .insertInto('receivers')
      .values({ ...receiver, ...whose, created_at: now, disabled_at: null })
      .execute()
  })
  return machines
}

const personOf = (team: string, at: number, now: number) => ({
  ...{ id: `${team}-${at}`, name: `${team} ${at}`, login: `${team}-${at}`, password_hash: '', teams: JSON.stringify([team]) },
  ...{ is_admin: 0 as const, organisation_id: null, wip_limit: 20, created_at: now, disabled_at: null },
})
