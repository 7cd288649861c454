import type { Role } from '#shared/domain/endpoint.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import { hold } from './match.ts'
import type { FactConditions, Route } from './sections/routes.ts'

/** Among a ticket's reasons, where its route takes whatever no other names. */
export const unroutedReason = 'No route of the matrix names this kind.'

/** Why this route took this trouble and where it sends it, as sentences for people. */
export function explainRoute(route: Route, trouble: Trouble, subject: Subject, team: string): string[] {
  const because = [`the kind is ${trouble.kind}`]
  if (route.severity) because.push(`its severity is ${trouble.severity}`)
  if (route.role) because.push(`the machine is ${a(subject.role)}`)
  if (route.tags) because.push(`the machine is tagged ${route.tags.filter((tag) => subject.endpoint?.tags?.includes(tag)).join(', ')}`)
  if (route.organisation) because.push(`it is one of ${subject.organisation.name}`)
  if (route.words) because.push(`it says “${route.words.pattern.exec(`${trouble.summary}\n${trouble.text ?? ''}`)?.[0] ?? ''}”`)
  if (route.state) because.push(`it ${trouble.state === 'happened' ? 'happened' : `was ${trouble.state}`}`)
  if (route.source) because.push(`it comes from ${sources[trouble.source]}`)
  const facts = [route.facts, ...(route.anyOf ?? [])].flatMap((conditions) => (conditions ? [said(conditions, trouble)] : []))
  because.push(...facts.filter((text) => text !== ''))
  const reasons = [`The route “${route.name}” applies because ${listed(because)}.`]
  if (route.isUnrouted) reasons.push(unroutedReason)
  if (new Set(Object.values(route.team)).size > 1) reasons.push(`On ${a(subject.role)} this goes to ${team}.`)
  return reasons
}

/** Who said what the machine is for. */
export function explainRole({ endpoint, role, roleSource }: Subject): string {
  if (!endpoint) return 'It is about no machine that Tierline knows.'
  if (role === 'unknown')
    return `Nobody knows yet what ${endpoint.hostname} is for: priority as for a server, containment as for a core machine.`
  return `${endpoint.hostname} is ${a(role)} (${roleSource === 'person' ? 'a person said so' : 'found by facts'}).`
}

const sources: Record<Trouble['source'], string> = {
  agent: 'an agent',
  source: 'another tool',
  collector: 'the collector',
  person: 'a person',
}

const names: Record<Role, string> = {
  workstation: 'a workstation',
  server: 'a server',
  core: 'a core machine',
  unknown: 'a machine nobody knows',
}

const a = (role: Role): string => names[role]

/** The facts that these conditions asked for, when they hold. */
const said = (conditions: FactConditions, { facts }: Trouble): string =>
  hold(conditions, facts) ? listed(Object.keys(conditions).map((name) => `${name} is ${String(facts[name])}`)) : ''

const listed = (parts: string[]): string => (parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`)
