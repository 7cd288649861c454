import type { Role } from '#shared/domain/endpoint.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Source } from '../people/programs.ts'
import { refuse } from './problems.ts'
import { isPerson, type Person, type Route, type Thing } from './route.ts'
import type { View } from './view.ts'

/*
 * Enters: the inputs of a request that name things, as its route declares them. Leaves: the organisation they belong to.
 * Promises: a thing out of the caller's scope does not exist for them, whatever route it is asked through; things that
 * come together belong together. On failure: 404, without a word on whether it exists.
 * Threat: an id of another organisation, guessed or overheard.
 */

export interface Inputs {
  params?: unknown
  query?: unknown
  body?: unknown
}

/** What a request is about. */
export interface Subject {
  /** null: no organisation, or all of them. */
  organisationId: string | null
  /** Of the machine, when it is about one. */
  role?: Role
  /** The ticket asks people whether to isolate its machine. */
  isAsked?: boolean
  /** Of the ticket. */
  team?: string
  /** Of the ticket: its organisation wants its own IT to answer for its core machines. */
  isOwnAnswer?: boolean
}

type Owner = Omit<Subject, 'organisationId'> & { owner: string | null }

export async function subjectOf(route: Route, inputs: Inputs, by: Person | Source | undefined): Promise<Subject> {
  if (!isPerson(by)) return { organisationId: by?.organisationId ?? null }
  let subject: Subject = { organisationId: by.caller.organisationId }
  for (const [input, thing] of Object.entries(route.names ?? {})) {
    const id = inputOf(inputs, input)
    if (id === undefined || thing === undefined) continue
    if (id === null) requireProvider(by)
    else subject = together(subject, await ownerOf(thing, id, by), thing)
  }
  return subject
}

/** `organisationId: null` means the provider itself. */
function requireProvider({ caller }: Person): void {
  if (caller.scope !== 'all') throw refuse('provider-only', 'Only staff of the provider may do this for all organisations: name yours.')
}

function together(known: Subject, { owner, ...more }: Owner, thing: Thing): Subject {
  if (known.organisationId !== null && owner !== null && known.organisationId !== owner) throw notFound(thing)
  // Of a machine and a ticket that are named together, the machine that something is asked of goes first.
  const role = known.role ?? more.role
  return { ...known, organisationId: owner ?? known.organisationId, ...more, ...(role && { role }) }
}

async function ownerOf(thing: Thing, id: string, person: Person): Promise<Owner> {
  const owner = await owners[thing](person.view, id, person)
  if (!owner) throw notFound(thing)
  return owner
}

async function ownerOfEndpoint(view: View, id: string): Promise<Owner | undefined> {
  const row = await view
    .endpoints()
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(['endpoints.organisation_id', 'endpoints.confirmed_role', 'inventories.role'])
    .where('endpoints.id', '=', id)
    .executeTakeFirst()
  return row && { owner: row.organisation_id, role: row.confirmed_role ?? row.role ?? 'unknown' }
}

export async function ownerOfTicket(view: View, id: string): Promise<Owner | undefined> {
  const row = await view
    .tickets()
    .innerJoin('organisations', 'organisations.id', 'tickets.organisation_id')
    .select(['tickets.organisation_id', 'tickets.endpoint_id', 'tickets.containment', 'tickets.status', 'tickets.team'])
    .select('organisations.answers_own_core')
    .where('tickets.id', '=', id)
    .executeTakeFirst()
  if (!row) return undefined
  const owner = row.endpoint_id === null ? { owner: row.organisation_id } : await ownerOfEndpoint(view, row.endpoint_id)
  const isAsked = row.containment === 'asked' && isOpen(row.status)
  return owner && { ...owner, team: row.team, isAsked, isOwnAnswer: row.answers_own_core === 1 }
}

const owners: Record<Thing, (view: View, id: string, person: Person) => Promise<Owner | undefined>> = {
  organisation: (view, id) =>
    view.organisations().select('organisations.id as owner').where('organisations.id', '=', id).executeTakeFirst(),
  site: (view, id) => view.sites().select('sites.organisation_id as owner').where('sites.id', '=', id).executeTakeFirst(),
  person: (view, id) => view.people().select('people.organisation_id as owner').where('people.id', '=', id).executeTakeFirst(),
  source: (view, id) => view.sources().select('sources.organisation_id as owner').where('sources.id', '=', id).executeTakeFirst(),
  receiver: (view, id) => view.receivers().select('receivers.organisation_id as owner').where('receivers.id', '=', id).executeTakeFirst(),
  window: (view, id) =>
    view.maintenanceWindows().select('maintenance_windows.organisation_id as owner').where('id', '=', id).executeTakeFirst(),
  exception: (view, id) =>
    view.noiseExceptions().select('noise_exceptions.organisation_id as owner').where('id', '=', id).executeTakeFirst(),
  standing: (view, id) =>
    view.standingOrders().select('standing_orders.organisation_id as owner').where('standing_orders.id', '=', id).executeTakeFirst(),
  endpoint: ownerOfEndpoint,
  ticket: ownerOfTicket,
  command: async (view, id) => {
    const row = await view.commands().select('commands.endpoint_id').where('commands.id', '=', id).executeTakeFirst()
    return row && ownerOfEndpoint(view, row.endpoint_id)
  },
  bulk: (view, id) => view.bulks().select('bulks.organisation_id as owner').where('bulks.id', '=', id).executeTakeFirst(),
  token: async (view, id, { caller }) => {
    const row = await view.tokensOf(caller.personId).select('api_tokens.id').where('api_tokens.id', '=', id).executeTakeFirst()
    return row && { owner: caller.organisationId }
  },
}

function inputOf(inputs: Inputs, input: string): string | null | undefined {
  const [part, field] = input.split('.') as [keyof Inputs, string]
  return (inputs[part] as Record<string, string | null | undefined> | undefined)?.[field]
}

const notFound = (thing: Thing) => refuse('not-found', `There is no such ${thing}, or it is not yours to see.`)
