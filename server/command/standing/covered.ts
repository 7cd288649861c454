import type { Kysely } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'
import type { StandingOrder } from '#shared/protocol/standing-order.ts'
import type { Database } from '../../store/schema.ts'

export interface Covered {
  id: string
  role: Role
}

/** The machines that a standing order means now, with their roles as they see themselves: what a person says of one later never reaches it. */
export async function covered(
  db: Kysely<Database>,
  { organisationId, endpoints, role }: Pick<StandingOrder, 'organisationId' | 'endpoints' | 'role'>,
): Promise<Covered[]> {
  const rows = await db
    .selectFrom('endpoints')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('enrolment_tokens', 'enrolment_tokens.used_by_endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'enrolment_tokens.role as said', 'inventories.role as found'])
    .where('endpoints.organisation_id', '=', organisationId)
    .where('endpoints.removed_at', 'is', null)
    .execute()
  return rows
    .map(({ id, said, found }) => ({ id, role: (said === 'unknown' ? null : said) ?? found ?? ('unknown' as const) }))
    .filter((each) => (endpoints?.includes(each.id) ?? true) && (role === undefined || each.role === role))
}
