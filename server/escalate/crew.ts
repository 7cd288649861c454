import type { Matrix } from '../route/matrix.ts'

/** Who could work, as the people's room knows them. */
export interface Staff {
  id: string
  teams: readonly string[]
  isAdmin: boolean
  /** null: the provider's; else they see this organisation only. */
  organisationId: string | null
}

/** Who has what comes to a team: its members; where there are none, those of the team it passes to, and so on. */
export function crewOf(
  team: string,
  staff: readonly Staff[],
  { teams }: Pick<Matrix, 'teams'>,
  organisationId: string,
): ReadonlySet<string> {
  const theirs = staff.filter((person) => person.organisationId === null || person.organisationId === organisationId)
  const seen = new Set<string>()
  for (let name: string | undefined = team; name !== undefined && !seen.has(name); name = teams[name]?.passesTo) {
    seen.add(name)
    const members = theirs.filter((person) => person.teams.includes(name ?? '') || (name === 'admin' && person.isAdmin))
    if (members.length > 0) return new Set(members.map(({ id }) => id))
  }
  return new Set()
}

/** The same people on both sides. Where there is nobody at all, nobody can tell. */
export function isSameCrew(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size > 0 && one.size === other.size && [...one].every((id) => other.has(id))
}
