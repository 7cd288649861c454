import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Tag } from '#shared/domain/endpoint.ts'
import { settingsOf, WrittenSettings } from '#shared/domain/policy-settings.ts'
import type { PolicyLayer } from '#shared/protocol/documents/policy.ts'

/*
 * A policy as an operator writes it: a list of entries, each for some machines, with what it says of them. Of two that say
 * something of one setting the closer one wins: fleet, organisation, site, tag, endpoint; of two as close, the later.
 */

const Name = z.string().min(1).max(200)

/** Named by name or id; several together mean machines that are all of it. */
const Scope = z
  .strictObject({ organisation: Name, site: Name, tag: Tag, endpoint: Name })
  .partial()
  .refine((scope) => Object.keys(scope).length > 0, 'say which organisation, site, tag or endpoint; without `for` it is the whole fleet')
export type Scope = z.infer<typeof Scope>

export const PolicyDocument = z.strictObject({
  policies: z.array(z.strictObject({ for: Scope.optional(), ...WrittenSettings.shape })).max(300),
})
export type PolicyDocument = z.infer<typeof PolicyDocument>

/** The shape of a policy as editors read it; `policy.schema.json` is this. */
export function policyJsonSchema(): Record<string, unknown> {
  const { $schema, ...shape } = z.toJSONSchema(PolicyDocument, { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'Policy of Tierline', ...shape }
}

export interface Place {
  id: string
  hostname: string
  organisation: { id: string; name: string }
  site: { id: string; name: string } | null
  tags: readonly string[]
}

/** As the layers of a policy name an endpoint. */
export const memberOf = (endpointId: string): string =>
  createHash('sha256').update(endpointId).digest().subarray(0, 9).toString('base64url')

const isNamed = (name: string | undefined, thing: { id: string; name: string } | null): boolean =>
  name === undefined || thing?.id === name || thing?.name === name

const isIn = ({ site, tag, endpoint }: Scope, place: Place): boolean =>
  isNamed(site, place.site) && (tag === undefined || place.tags.includes(tag)) && isNamed(endpoint, { id: place.id, name: place.hostname })

/** How close an entry is to its machines. */
function rankOf({ organisation, site, tag, endpoint }: Scope): number {
  if (endpoint !== undefined) return 4
  if (tag !== undefined) return 3
  if (site !== undefined) return 2
  return organisation === undefined ? 0 : 1
}

/** What the machines of one organisation hear, the weakest layer first. @param lineOf where an entry begins in the file. */
export function layersFor(
  { policies }: PolicyDocument,
  organisation: { id: string; name: string },
  places: readonly Place[],
  lineOf: (entry: number) => number,
): PolicyLayer[] {
  const own = places.filter((place) => place.organisation.id === organisation.id)
  const layers = policies.flatMap(({ for: scope = {}, ...written }, index) => {
    if (!isNamed(scope.organisation, organisation)) return []
    const settings = Object.fromEntries([...settingsOf(written)].map(({ key, value }) => [key, value]))
    const from = `line ${lineOf(index)}, ${saidOf(scope)}`.slice(0, 200)
    if (rankOf(scope) < 2) return [{ rank: rankOf(scope), layer: { from, settings } }]
    const members = own.filter((place) => isIn(scope, place)).map(({ id }) => memberOf(id))
    return members.length === 0 ? [] : [{ rank: rankOf(scope), layer: { from, members: members.toSorted(), settings } }]
  })
  return layers.toSorted((a, b) => a.rank - b.rank).map(({ layer }) => layer)
}

const saidOf = (scope: Scope): string =>
  Object.entries(scope)
    .map(([what, name]) => `${what} ${name}`)
    .join(', ') || 'the whole fleet'

/** What is named and isn't there; a tag that nobody has yet may come. */
export function* strangersIn(
  { policies }: PolicyDocument,
  places: readonly Place[],
  known: Known,
): Generator<{ path: PropertyKey[]; reason: string }> {
  for (const [index, { for: scope = {} }] of policies.entries()) {
    const at = (name: keyof Scope): PropertyKey[] => ['policies', index, 'for', name]
    const organisation = known.organisations.find((each) => isNamed(scope.organisation, each))
    if (!organisation) yield { path: at('organisation'), reason: `there is no organisation "${scope.organisation}"` }
    const isOfThat = (id: string): boolean => scope.organisation === undefined || id === organisation?.id
    if (!known.sites.some((site) => isNamed(scope.site, site) && isOfThat(site.organisationId)) && scope.site !== undefined)
      yield { path: at('site'), reason: `there is no site "${scope.site}"` }
    if (
      scope.endpoint !== undefined &&
      !places.some((place) => isNamed(scope.endpoint, { id: place.id, name: place.hostname }) && isOfThat(place.organisation.id))
    )
      yield { path: at('endpoint'), reason: `there is no endpoint "${scope.endpoint}"` }
  }
}

export interface Known {
  organisations: readonly { id: string; name: string }[]
  sites: readonly { id: string; name: string; organisationId: string }[]
}
