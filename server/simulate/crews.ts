import type { Tier } from '#shared/domain/tier.ts'
import type { Opening } from '../escalate/calendar.ts'
import type { Staff } from '../escalate/crew.ts'
import type { Crew } from './load.ts'

/** One who works on one ticket at a time. */
export interface Worker {
  id: string
  crew: CrewAtWork
}

/** A crew while the clock runs. */
export interface CrewAtWork {
  name: string
  teams: ReadonlySet<string>
  solves: ReadonlySet<Tier>
  isOnCall: boolean
  isThere: boolean
  idle: Worker[]
  people: number
  openings: readonly Opening[]
  busyMs: number
}

interface Needs {
  tierOf(team: string): Tier
  /** When people of these hours work. */
  openingsOf(crew: Crew): readonly Opening[]
}

/** Whoever can do what a rung is for can do what the rungs below are for. */
const rungs: readonly Tier[] = ['tier1', 'tier2', 'tier3']

export function assemble(crews: readonly Crew[], { tierOf, openingsOf }: Needs): CrewAtWork[] {
  return crews.map((described, index) => {
    const { teams, people, onCall, solves = solvedBy(teams.map(tierOf)) } = described
    const name = `${teams.join('+')}${onCall ? ' on call' : ''}`
    const crew: CrewAtWork = {
      ...{ name, teams: new Set(teams), solves: new Set(solves), isOnCall: onCall, isThere: false, idle: [], people },
      ...{ openings: openingsOf(described), busyMs: 0 },
    }
    crew.idle.push(...Array.from({ length: people }, (_, place) => ({ id: `person-${index + 1}-${place + 1}`, crew })))
    return crew
  })
}

const solvedBy = (tiers: readonly Tier[]): Tier[] =>
  tiers.flatMap((tier) =>
    rungs.includes(tier) ? rungs.slice(0, rungs.indexOf(tier) + 1) : tier === 'security' ? [...rungs, tier] : [tier],
  )

/** As the matrix asks whether two teams are the same people: one of each crew says as much as all of them. */
export const staffOf = (crews: readonly CrewAtWork[]): Staff[] =>
  crews.map(({ name, teams }) => ({ id: name, teams: [...teams], isAdmin: false, organisationId: null }))

export const staffedMs = ({ openings, people }: CrewAtWork): number =>
  people * openings.reduce((sum, { opensAt, closesAt }) => sum + closesAt - opensAt, 0)
