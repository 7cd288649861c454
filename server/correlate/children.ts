import { type ChildrenAct, isOpen, type Resolution } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'

/** What becomes of the tickets under one: it ended (`release`), or a person said so. */
export interface Release {
  parentId: string
  act: 'release' | Exclude<ChildrenAct, 'keep'>
  /** As what they end, where they do. */
  resolution: Resolution
  /** Whose act it was. */
  actor: string
}

/** What a case that is about to be kept means for those under it. */
export function releaseBy({ ticket, entries }: TicketCase): Release | undefined {
  if (ticket.gathers === null) return undefined
  const said = entries.findLast(({ kind, body }) => kind === 'children' && body.act !== 'keep')
  const ended = entries.findLast(({ kind }) => kind === 'resolved')
  const by = said ?? (isOpen(ticket.status) ? undefined : ended)
  if (!by) return undefined
  const act = said ? (said.body.act as 'close' | 'raise') : ended?.body.isWithAll === true ? 'close' : 'release'
  return { parentId: ticket.id, act, resolution: ticket.resolution ?? 'cleared', actor: by.actor }
}

/** What is still true comes back, and so does what somebody has; the rest ends as the ticket over it did. */
export const comesBack = ({ ticket }: TicketCase, { act }: Release): boolean =>
  act === 'raise' || (act === 'release' && (ticket.is_standing === 1 || ticket.status !== 'new'))

export const whyOf = ({ act }: Release): string =>
  act === 'raise' ? 'a person said so' : 'the ticket over it has ended, and this is still true'

/** It stands alone: its clocks start, and people are called for it. */
export const parted = ({ ticket }: TicketCase, why: string, actor: string, now: number): Changes => ({
  ticket: { parent_id: null, in_tier_since: now },
  entries: [{ kind: 'parted', actor, body: { ticketId: ticket.parent_id, why } }],
})

export const endedWith = ({ ticket }: TicketCase, { act, resolution, actor }: Release, now: number): Changes => ({
  ticket: {
    ...{ status: 'resolved', resolution, resolved_at: now },
    ...(ticket.containment === 'asked' ? { containment: 'answered' as const } : {}),
  },
  entries: [{ kind: 'resolved', actor, body: { resolution, note: 'It ended with the ticket over it.', isWithAll: act === 'close' } }],
})

/** What a person does with all of them, on the ticket over them. */
export function actOnChildren({ ticket }: TicketCase, personId: string, act: ChildrenAct, note: string, now: number): Changes {
  const entries = [{ kind: 'children' as const, actor: personId, body: { act, note } }]
  const stops = act === 'raise' ? { gathering: 'off' as const, is_standing: 0 as const } : {}
  const calm = act === 'raise' && ticket.gathers === 'storm' ? { cancel: ['storm-calm' as const] } : {}
  return { ticket: { ...stops, touched_at: now }, entries, ...calm }
}
