import type { Kysely } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'
import type { StandingOrder } from '#shared/protocol/standing-order.ts'
import type { Database } from '../../store/schema.ts'

export interface Covered {
  id: string
  /** As it sees itself: what a person says of it later never reaches it. */
  role: Role
  /** What a person has said. */
  confirmed: Role | null
}

/** The machines that a standing order means now. Of a role those are, by their own word, of which no person says otherwise. */
export async function covered(
  db: Kysely<Database>,
  { organisationId, endpoints, role }: Pick<StandingOrder, 'organisationId' | 'endpoints' | 'role'>,
): Promise<Covered[]> {
  const rows = await db
    .selectFrom('endpoints')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('enrolment_tokens', 'enrolment_tokens.used_by_endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'enrolment_tokens.role as said', 'inventories.role as found', 'confirmed_role as confirmed'])
    .where('endpoints.organisation_id', '=', organisationId)
    .where('endpoints.removed_at', 'is', null)
    .execute()
  return rows
    .map(({ id, said, found, confirmed }) => ({ id, role: (said === 'unknown' ? null : said) ?? found ?? ('unknown' as const), confirmed }))
    .filter(
      (each) => (endpoints?.includes(each.id) ?? true) && (role === undefined || (each.role === role && (each.confirmed ?? role) === role)),
    )
}
