import { type RawBuilder, type SqlBool, sql } from 'kysely'

/* A list page by page: each line once, also where many have one instant, and whatever comes meanwhile. */

/** Where a page ended; undefined: nowhere yet. */
export type Place = { at: number; id: string } | undefined
/** By which a list is ordered. */
type Columns = readonly [at: string, id: string]

export const olderThan = (columns: Columns, last: Place): RawBuilder<SqlBool> => beyond(columns, last, '<')
export const newerThan = (columns: Columns, last: Place): RawBuilder<SqlBool> => beyond(columns, last, '>')

const beyond = ([at, id]: Columns, last: Place, than: '<' | '>'): RawBuilder<SqlBool> =>
  last ? sql<SqlBool>`(${sql.ref(at)}, ${sql.ref(id)}) ${sql.raw(than)} (${last.at}, ${last.id})` : sql<SqlBool>`1 = 1`

/** Of one row more than was asked for. */
export const pageOf = <Row>(rows: readonly Row[], limit: number): { page: Row[]; hasMore: boolean } => ({
  page: rows.slice(0, limit),
  hasMore: rows.length > limit,
})
