import type { z } from 'zod'
import type { AuditLine, AuditList, AuditQuery } from '#shared/api/administration.ts'
import type { AuditTable } from '../../store/tables/audit.ts'
import type { View } from '../view.ts'
import { found } from './found.ts'
import { olderThan, pageOf } from './page.ts'
import { actorName } from './tickets.ts'

export async function readAudit(view: View, { before, limit }: z.output<typeof AuditQuery>): Promise<z.output<typeof AuditList>> {
  const last = before === undefined ? undefined : await lineOf(view, before)
  const rows = await view
    .audit()
    .leftJoin('audit_payloads', 'audit_payloads.audit_id', 'audit.id')
    .selectAll('audit')
    .select('audit_payloads.detail')
    .where(olderThan(['audit.at', 'audit.id'], last))
    .orderBy('audit.at', 'desc')
    .orderBy('audit.id', 'desc')
    .limit(limit + 1)
    .execute()
  const { page, hasMore } = pageOf(rows, limit)
  return { lines: await linesOf(view, page), hasMore }
}

async function lineOf(view: View, id: string): Promise<Pick<AuditTable, 'at' | 'id'>> {
  return found('line of the audit', await view.audit().select(['audit.at', 'audit.id']).where('audit.id', '=', id).executeTakeFirst())
}

async function linesOf(view: View, rows: Shown[]): Promise<z.output<typeof AuditLine>[]> {
  const targets = rows.map(({ target }) => targetOf(target))
  const [actors, nameOf] = await Promise.all([view.namesOf([...new Set(rows.map(({ actor }) => actor))]), namesOfTargets(view, targets)])
  return rows.map((row) => {
    const { thing, id } = targetOf(row.target)
    return {
      id: row.id,
      at: row.at,
      actor: whoActed(row.actor, actors),
      action: row.action,
      target: { thing, id, name: nameOf.get(id) ?? null },
      organisationId: row.organisation_id,
      detail: JSON.parse(row.detail ?? '{}') as Record<string, unknown>,
    }
  })
}

/** Its payload may be erased. */
type Shown = AuditTable & { detail: string | null }

/** Operators and machines are nobody who signs in. */
function whoActed(actor: string, names: Map<string, string>): string {
  if (actor.startsWith('operator:')) return `${actor.slice('operator:'.length)} (operator)`
  return actorName(actor.startsWith('endpoint:') ? 'agent' : actor, names)
}

interface Target {
  thing: string
  id: string
}

/** `<thing>:<id>` */
function targetOf(text: string): Target {
  const [thing = '', id = ''] = text.split(':', 2)
  return { thing, id }
}

/** What things are called; those that the reader may not see have no name for them. */
const naming: Record<string, (view: View, ids: string[]) => Promise<{ id: string; name: string }[]>> = {
  endpoint: (view, ids) =>
    view.endpoints().select(['endpoints.id', 'endpoints.hostname as name']).where('endpoints.id', 'in', ids).execute(),
  organisation: (view, ids) =>
    view.organisations().select(['organisations.id', 'organisations.name']).where('organisations.id', 'in', ids).execute(),
  person: (view, ids) => view.people().select(['people.id', 'people.name']).where('people.id', 'in', ids).execute(),
  receiver: (view, ids) => view.receivers().select(['receivers.id', 'receivers.name']).where('receivers.id', 'in', ids).execute(),
  source: (view, ids) => view.sources().select(['sources.id', 'sources.name']).where('sources.id', 'in', ids).execute(),
  ticket: async (view, ids) => {
    const rows = await view.tickets().select(['tickets.id', 'tickets.number', 'tickets.title']).where('tickets.id', 'in', ids).execute()
    return rows.map(({ id, number, title }) => ({ id, name: `#${number} ${title}` }))
  },
}

async function namesOfTargets(view: View, targets: Target[]): Promise<Map<string, string>> {
  const byThing = Map.groupBy(targets, ({ thing }) => thing)
  const named = await Promise.all(
    [...byThing].map(([thing, those]) => naming[thing]?.(view, [...new Set(those.map(({ id }) => id))]) ?? []),
  )
  return new Map(named.flat().map(({ id, name }) => [id, name]))
}
