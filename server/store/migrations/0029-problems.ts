import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Incidents name the problem behind them; what came lately is found. */
export const problems: Migration = {
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}

const statements = [
  'alter table tickets add column problem_id text',
  'create index tickets_of_problem on tickets (problem_id) where problem_id is not null',
  'create index tickets_came on tickets (came_at)',
]
