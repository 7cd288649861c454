import { type SqlBool, sql } from 'kysely'
import type { SoftwareFound, SoftwareList, SoftwareQuery } from '#shared/api/software.ts'
import { compareVersions } from '#shared/domain/package-version.ts'
import type { Software } from '#shared/domain/software.ts'
import type { View } from '../view.ts'

const maxMachines = 1_000

export async function readSoftware(view: View, endpointId: string): Promise<SoftwareList | undefined> {
  const row = await view
    .endpoints()
    .leftJoin('software', 'software.endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'software.at', 'software.body'])
    .where('endpoints.id', '=', endpointId)
    .executeTakeFirst()
  if (!row) return undefined
  const software = JSON.parse(row.body ?? '{"sources":[],"leftOut":0}') as Software
  return { at: row.at, packages: packagesOf(software), leftOut: software.leftOut }
}

/** Who has it: texts that hold its name are looked through on the reading connection, and only those are parsed. */
export async function findSoftware(view: View, { name, below, organisationId }: SoftwareQuery): Promise<SoftwareFound> {
  const rows = await view
    .software()
    .select(['software.at', 'software.body', 'endpoints.id', 'endpoints.hostname', 'endpoints.organisation_id'])
    .where('endpoints.removed_at', 'is', null)
    .where(sql<SqlBool>`software.body like ${containing(`[${JSON.stringify(name)},`)} escape '!'`)
    .$if(organisationId !== undefined, (found) => found.where('endpoints.organisation_id', '=', organisationId ?? ''))
    .orderBy('endpoints.hostname')
    .orderBy('endpoints.id')
    .limit(maxMachines + 1)
    .execute()
  const machines = rows.slice(0, maxMachines).flatMap(({ id, hostname, organisation_id, at, body }) =>
    packagesOf(JSON.parse(body) as Software)
      .filter((each) => each.name === name && (below === undefined || compareVersions(each.version, below) < 0))
      .map((each) => ({ ...each, endpoint: { id, hostname }, organisationId: organisation_id, at })),
  )
  return { machines, isCut: rows.length > maxMachines }
}

const containing = (text: string): string => `%${text.replace(/[!%_]/g, '!$&')}%`

const packagesOf = ({ sources }: Software): SoftwareList['packages'] =>
  sources.flatMap(({ source, packages }) => packages.map(([name, version]) => ({ name, version, source })))
