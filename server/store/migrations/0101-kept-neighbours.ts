import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const pageRows = 100

/** Where each machine stands in its network, beside its inventory, which is large; and who asks it now and then whether it answers. */
export const keptNeighbours: Migration = {
  up: async (db) => {
    await sql.raw('alter table isolations add column kept_by text').execute(db)
    await sql.raw('alter table inventories add column places text').execute(db)
    for (let last: string | undefined = ''; last !== undefined; ) last = await fillPage(db, last)
  },
}

/** @returns after whom to go on. */
async function fillPage(db: Kysely<unknown>, after: string): Promise<string | undefined> {
  const { rows } = await sql<{ endpoint_id: string; body: string }>`
    select endpoint_id, body from inventories where endpoint_id > ${after} order by endpoint_id limit ${pageRows}`.execute(db)
  for (const { endpoint_id, body } of rows)
    await sql`update inventories set places = ${JSON.stringify(placesIn(body))} where endpoint_id = ${endpoint_id}`.execute(db)
  return rows.at(-1)?.endpoint_id
}

interface Said {
  interfaces?: { mac: string; addresses: string[] }[]
}

const placesIn = (body: string): { address: string; mac: string }[] =>
  ((JSON.parse(body) as Said).interfaces ?? [])
    .flatMap(({ mac, addresses }) => addresses.map((address) => ({ address, mac: mac.slice(0, 40) })))
    .filter(({ address }) => address.length <= 45 && !/^(fe80|127\.|::1$)/i.test(address))
    .slice(0, 16)
