import type { FastifyRequest } from 'fastify'
import { Power } from '#shared/api/session.ts'
import { Role } from '#shared/domain/endpoint.ts'
import type { Caller } from '../people/caller.ts'
import type { People } from '../people/people.ts'
import type { Source } from '../people/programs.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Subject } from './owners.ts'
import { refuse } from './problems.ts'
import { type Access, isPerson, type Person, type PersonAccess } from './route.ts'
import type { View } from './view.ts'

/*
 * Enters: a request and what its route asks for. Leaves: who it is, or a Refusal. Promises: it runs before the body is
 * read; whoever has an Authorization header is judged by that alone, so a bad token never falls back to a cookie.
 * On failure: 401 for nobody, 403 for somebody without the power. Threat: a forgotten check, so there is one for all.
 */

export const cookieName = 'tierline'

export type PersonOf = (caller: Caller) => Person

export function createPersonOf(matrix: () => Matrix, viewOf: (caller: Caller) => View): PersonOf {
  return (caller) => {
    const { powersOf, teams } = matrix()
    const isOwnIt = caller.organisationId !== null && !caller.isAdmin && caller.teams.every((team) => teams[team]?.isCustomers === true)
    const [theirs, ours] = [true, false].map((isTheirs) => caller.teams.filter((team) => (teams[team]?.isCustomers === true) === isTheirs))
    const answersOwn = (role?: Role) => powersOf(theirs ?? [], role).includes('answer-ask')
    const has = (power: Power, role?: Role) =>
      (power === 'administer' && caller.isAdmin) ||
      powersOf(ours ?? [], role).includes(power) ||
      (power !== 'answer-ask' && powersOf(theirs ?? [], role).includes(power))
    return { caller, isOwnIt, has, answersOwn, powers: Power.options.filter((power) => has(power)), view: viewOf(caller) }
  }
}

export type Guard = (access: Access, request: FastifyRequest) => Promise<Person | Source | undefined>

export function createGuard({ people, personOf }: { people: People; personOf: PersonOf }): Guard {
  return async (access, request) => {
    if (access.who === 'anyone') return undefined
    if (access.who === 'source') {
      const source = await people.authenticateSource(bearerOf(request) ?? '')
      if (!source) throw refuse('sign-in-needed', 'Send the key of a source as "Authorization: Bearer".')
      return source
    }
    const person = await signedIn(people, personOf, request)
    if (!person) throw refuse('sign-in-needed', 'Sign in, or send a token as "Authorization: Bearer".')
    demandReach(access, person)
    return person
  }
}

/** Who a request's token or cookie stands for, now. */
export async function signedIn(people: People, personOf: PersonOf, request: FastifyRequest): Promise<Person | undefined> {
  const bearer = bearerOf(request)
  const caller = await people.authenticate(bearer === undefined ? { cookie: request.cookies[cookieName] ?? '' } : { bearer })
  return caller && personOf(caller)
}

/** Whether the person's powers are enough for a request about this. */
export function isAllowed(access: PersonAccess, person: Person, subject: About): boolean {
  const { power, orPower, orWhileAsked } = access
  const { role, isAsked, isOwnAnswer } = subject
  if (isOthers(access, person, subject)) return false
  const has = (wanted: Power): boolean =>
    person.has(wanted, role) || (wanted === 'answer-ask' && isAsked === true && isOwnAnswer === true && person.answersOwn(role))
  if (power === null || has(power) || (orPower !== undefined && has(orPower))) return true
  return isAsked === true && orWhileAsked !== undefined && has(orWhileAsked)
}

type About = Pick<Subject, 'role' | 'isAsked' | 'team' | 'isOwnAnswer'>

/** A customer's own IT works on what is with them, and not on what is with the provider. */
const isOthers = ({ isOfTeam }: PersonAccess, { caller, isOwnIt }: Person, { team }: About): boolean =>
  isOfTeam === true && isOwnIt && team !== undefined && !caller.teams.includes(team)

/** @param subject what the request turned out to be about. */
export function demandPower(access: Access, by: Person | Source | undefined, subject: About): void {
  if (access.who !== 'person' || access.power === null || !isPerson(by) || isAllowed(access, by, subject)) return
  if (isOthers(access, by, subject)) throw refuse('power-missing', `This ticket is with ${subject.team}: add a comment, and they go on.`)
  throw refuse('power-missing', `You need the power "${access.power}", which none of your teams has here.`)
}

/** What can be said before the body is read: whoever has the power over no machine, asked or not, need not go on. */
function demandReach(access: PersonAccess, person: Person): void {
  const mightBeAllowed = [undefined, ...Role.options].some((role) =>
    isAllowed(access, person, { ...(role && { role }), isAsked: true, isOwnAnswer: true }),
  )
  if (!mightBeAllowed) demandPower(access, person, {})
  if (access.reach === 'provider' && person.caller.scope !== 'all')
    throw refuse('provider-only', 'Only staff of the provider may do this: it concerns all organisations.')
}

/** `Authorization: Bearer <secret>`; an empty one for any other scheme, which is nobody's. */
function bearerOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization
  if (header === undefined) return undefined
  return /^Bearer +(\S+)$/i.exec(header)?.[1] ?? ''
}
