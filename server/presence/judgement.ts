import type { GoodbyeReason, Role } from '#shared/domain/endpoint.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { SilencesTable, SiteSilencesTable } from '../store/tables/presence.ts'

/** What presence judges, and what comes of it. */

export interface Machine {
  endpointId: string
  organisationId: string
  /** Its site; of whom nobody said it, the only one of its organisation, or its organisation that has none; null: nobody knows. */
  placeId: string | null
  hostname: string
  role: Role
  isAway: boolean
  /** It won't come back. */
  isRemoved: boolean
  lastHeardAt: number
  goodbye: GoodbyeReason | null
  said: Pick<SilencesTable, 'said' | 'said_at' | 'site_id'> | null
}

/** A site, or an organisation that has none. */
export interface Place {
  id: string
  organisationId: string
  name: string
  isSite: boolean
  connected: number
  /** When those left that had announced it. */
  left: number[]
  /** What was said of its silence; null: none stands. */
  silence: Pick<SiteSilencesTable, 'machines' | 'said_at' | 'ordered_at'> | null
}

/** What we could see: nothing between `lostAt` and `since`, everything from then on. */
export interface Sight {
  lostAt: number
  since: number
}

/** What is said of one machine or one place, and remembered in the same commit. */
export interface Judgement {
  signals: OwnTrouble[]
  said: SilencesTable[]
  /** Of whom nothing is said any more. */
  returned: string[]
  sites: SiteSilencesTable[]
  sitesBack: string[]
}

export const emptyJudgement = (): Judgement => ({ signals: [], said: [], returned: [], sites: [], sitesBack: [] })

/** How many rows it will write. */
export const weightOf = ({ signals, said, returned, sites, sitesBack }: Judgement): number =>
  signals.length + said.length + returned.length + sites.length + sitesBack.length

export const together = (judgements: readonly Judgement[]): Judgement => ({
  signals: judgements.flatMap(({ signals }) => signals),
  said: judgements.flatMap(({ said }) => said),
  returned: judgements.flatMap(({ returned }) => returned),
  sites: judgements.flatMap(({ sites }) => sites),
  sitesBack: judgements.flatMap(({ sitesBack }) => sitesBack),
})
