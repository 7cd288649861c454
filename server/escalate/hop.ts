import type { Packet } from '#shared/domain/packet.ts'
import type { HopReason } from '#shared/domain/ticket.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'

/** What was due of the people who had it; promises go on, and the new team's box is set by `tightenClocks`. */
const ofTheirs = ['time-box', 'untouched', 'review'] as const
/** What is quiet ends by itself wherever it is, unless a person moved it. */
const touched = ['quiet-clear'] as const

export interface Hop {
  to: string
  reason: HopReason
  /** `system`, or a person's id. */
  actor: string
  /** What a person says was tried; empty for the machine, which lists what stands on the ticket. */
  tried: string
  hypothesis: string
  packet: Packet | undefined
}

/** To other people (pure): it waits to be taken there like any other, with all that is known of it. */
export function hop({ ticket }: TicketCase, { to, reason, actor, tried, hypothesis, packet }: Hop, matrix: Matrix, now: number): Changes {
  const moved = { team: to, tier: matrix.tierOf(to), in_tier_since: now, owner_id: null, status: 'new' as const, acknowledged_at: null }
  const from = { fromTeam: ticket.team, fromTier: ticket.tier, toTeam: to, toTier: moved.tier }
  const body = { reason, ...from, ...(tried !== '' && { tried }), ...(hypothesis !== '' && { hypothesis }), ...(packet && { packet }) }
  return { ticket: moved, entries: [{ kind: 'escalated', actor, body }], cancel: [...ofTheirs, ...(actor === 'system' ? [] : touched)] }
}

/** Where this reason leads from here; undefined: nowhere that the matrix knows. */
export function hopTarget({ ticket }: TicketCase, reason: HopReason, { timeBoxes, teams }: Matrix): string | undefined {
  if (reason === 'security' || reason === 'field') return Object.keys(teams).find((name) => teams[name]?.tier === reason)
  const to = timeBoxes[ticket.team]?.[ticket.priority]?.to ?? 'stays'
  return to === 'stays' ? undefined : to
}
