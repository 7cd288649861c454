import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { CommandsTable } from '../store/tables/command.ts'

/** What the switch of an organisation is about, and nothing else: whatever is against an attack passes it. */
const isScript = (verb: string): boolean => verb === 'run-script'

/** Why this can't be asked for; undefined: it can. */
export async function whyScriptsOff(db: Kysely<Database>, organisationId: string, verb: string): Promise<string | undefined> {
  if (!isScript(verb)) return undefined
  const off = db.selectFrom('organisations').select('name').where('id', '=', organisationId).where('scripts_off', '=', 1)
  const organisation = await off.executeTakeFirst()
  return organisation && `Scripts are switched off for ${organisation.name}; an administrator can switch them on again.`
}

/** For a query of commands. */
export const notSwitchedOff = () =>
  sql<SqlBool>`(commands.verb <> 'run-script' or commands.organisation_id not in (select id from organisations where scripts_off = 1))`

/** What may go out now. What was asked for before somebody switched scripts off waits until they are on, or its time is up. */
export async function withoutSwitchedOff(db: Kysely<Database>, commands: readonly CommandsTable[]): Promise<CommandsTable[]> {
  if (!commands.some(({ verb }) => isScript(verb))) return [...commands]
  const rows = await db.selectFrom('organisations').select('id').where('scripts_off', '=', 1).execute()
  const off = new Set(rows.map(({ id }) => id))
  return commands.filter(({ verb, organisation_id }) => !isScript(verb) || !off.has(organisation_id))
}
