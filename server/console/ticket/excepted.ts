import type { TicketDetail } from '#shared/api/tickets.ts'
import { instantThere } from '../time/wall-clock.ts'

export type Where = 'endpoint' | 'tag' | 'organisation'

/** What somebody is about to call noise: where, and of what. */
export interface Excepted {
  scope: Where
  /** Beside the scope `tag`; null: none is chosen yet. */
  tag: string | null
  what: 'same' | 'kind'
  /** A day, such as 2026-11-29; null: as long as the matrix says. */
  until: string | null
}

export const exceptedAtFirst = ({ endpoint }: Pick<TicketDetail, 'endpoint'>): Excepted => ({
  ...{ scope: endpoint ? 'endpoint' : 'organisation', tag: null, what: 'same', until: null },
})

/** A tag has to be chosen first, and a day that is typed has to be one. */
export const isUnsaid = ({ scope, tag, until }: Excepted): boolean => (scope === 'tag' && tag === null) || until === ''

/** As the collector is told it: until the last minute of that day, on the clock of whoever says it. */
export function bodyOf({ scope, tag, what, until }: Excepted) {
  const lastMinute = until === null ? null : instantThere(`${until}T23:59`, hereabouts())
  return { scope, what, until: lastMinute, ...(tag !== null && { tag }) }
}

/** As a field for a day takes it, on the clock of whoever reads. */
export const dayOf = (at: number): string => new Intl.DateTimeFormat('sv-SE', { timeZone: hereabouts() }).format(at)

const hereabouts = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone
