import type { Kysely } from 'kysely'
import type { Database } from '../store/schema.ts'

/** As an order has room for. */
const maxChars = 200

/**
 * Who asked, as whoever signs it reads it: a person by their name and what they sign in with, which is one person's; the
 * collector and the agents as they are.
 */
export async function askedBy(db: Kysely<Database>, ids: readonly string[]): Promise<(id: string) => string> {
  const people = db.selectFrom('people').select(['id', 'name', 'login'])
  const rows = ids.length === 0 ? [] : await people.where('id', 'in', [...new Set(ids)]).execute()
  const known = new Map(rows.map(({ id, name, login }) => [id, `${name} (${login})`]))
  return (id) => (known.get(id) ?? id).slice(0, maxChars)
}
