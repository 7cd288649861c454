import type { TicketSummary } from '#shared/api/tickets.ts'
import { comparePriority } from '#shared/domain/priority.ts'
import { Tier } from '#shared/domain/tier.ts'
import { pressing } from '../words/pressing.ts'

export interface Queue {
  tier: Tier
  tickets: TicketSummary[]
}

/** One queue per tier, always all of them and always in the same place; within one, the worst first, then what is due first. */
export function arrange(tickets: readonly TicketSummary[], now: number): Queue[] {
  const byTier = Map.groupBy(tickets, (ticket) => ticket.tier)
  const dueAt = (ticket: TicketSummary): number => pressing(ticket, now)?.at ?? Number.POSITIVE_INFINITY
  return Tier.options.map((tier) => ({
    tier,
    tickets: (byTier.get(tier) ?? []).toSorted(
      (a, b) => comparePriority(a.priority, b.priority) || compare(dueAt(a), dueAt(b)) || a.number - b.number,
    ),
  }))
}

/** Infinity minus itself is no number, so not by subtraction. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)

/** Those in which every word of `text` stands somewhere: number, title, machine, organisation, owner, kind. */
export function filterTickets(tickets: readonly TicketSummary[], text: string): TicketSummary[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return tickets.filter((ticket) => {
    const { number, title, endpoint, organisation, owner, kind, priority } = ticket
    const haystack =
      `#${number} ${priority} ${title} ${endpoint?.hostname ?? ''} ${organisation.name} ${owner?.name ?? ''} ${kind}`.toLowerCase()
    return words.every((word) => haystack.includes(word))
  })
}
