import { z } from 'zod'
import { NewPerson, Person, PersonList } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { type Person as Asking, defineRoute, type Route } from '../route.ts'
import type { View } from '../view.ts'

export default function people({ people, matrices }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/people',
      summary: 'People who may sign in, by name',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      answer: PersonList,
      handle: async ({ by }) => ({ people: await readPeople(by.view), teams: Object.keys(matrices.rules.matrix.teams) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/people',
      summary: 'Let somebody sign in',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation' },
      action: 'person.create',
      creates: 'thing',
      body: NewPerson,
      answer: Person,
      status: 201,
      handle: async ({ body, by }) => {
        demandTeams(body.teams, teamsOf(by, matrices.rules.matrix))
        const outcome = await people.createPerson(body, by.record)
        if (outcome.kind === 'taken') throw refuse('taken', `Another person signs in as "${body.login}": choose another login.`)
        return found(
          'person',
          (await readPeople(by.view)).find(({ id }) => id === outcome.id),
        )
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/people/:id',
      summary: 'Disable somebody; their sessions and tokens end at once',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'person' },
      action: 'person.disable',
      params: z.object({ id: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        const outcome = await people.disablePerson(params.id, by.record)
        if (outcome.kind === 'last-admin') throw refuse('refused', 'This is the last admin of the provider: make another one first.')
      },
    }),
  ]
}

/** Whoever is bound to a customer lets nobody into the teams of the provider. */
const teamsOf = (by: Asking, { teams }: Needs['matrices']['rules']['matrix']): string[] =>
  Object.keys(teams).filter((team) => by.caller.scope === 'all' || teams[team]?.isCustomers === true)

function demandTeams(teams: string[], known: string[]): void {
  const unknown = teams.filter((team) => !known.includes(team))
  if (unknown.length === 0) return
  const message = `the matrix has no team ${unknown.map((team) => `"${team}"`).join(', ')}; it has ${known.join(', ')}`
  throw refuse('invalid-input', 'Check what you sent as teams.', { errors: [{ field: 'teams', message }] })
}

async function readPeople(view: View): Promise<z.output<typeof Person>[]> {
  const rows = await view.people().selectAll().orderBy('name').orderBy('id').execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    login: row.login,
    isAdmin: row.is_admin === 1,
    teams: JSON.parse(row.teams) as string[],
    organisationId: row.organisation_id,
    isDisabled: row.disabled_at !== null,
  }))
}
