import { describe, expect, it } from 'vitest'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { arrange, filterTickets } from '../../../server/console/board/arrange.ts'
import { pressing } from '../../../server/console/words/pressing.ts'

const now = 1_000_000
const ticket = (over: Partial<TicketSummary>): TicketSummary => ({
  id: `ticket-${over.number ?? 1}`,
  number: 1,
  organisation: { id: 'org', name: 'Harbour Dental' },
  site: null,
  endpoint: { id: 'endpoint', hostname: 'frontdesk-03' },
  kind: 'health.disk.full',
  severity: 'medium',
  title: 'Disk /var is full',
  status: 'new',
  resolution: null,
  priority: 'P3',
  tier: 'tier1',
  team: 'tier1',
  owner: null,
  occurrences: 1,
  isStanding: true,
  isFlapping: false,
  recurs: false,
  containment: 'none',
  waitingFor: null,
  waitingSince: null,
  openedAt: now,
  happenedAt: null,
  lastSignalAt: now,
  acknowledgedAt: null,
  respondedAt: null,
  resolvedAt: null,
  respondBy: null,
  resolveBy: null,
  nextDue: null,
  gathers: null,
  gathering: null,
  gatheredBy: null,
  version: 1,
  ...over,
})

describe('arrange', () => {
  it('gives every tier its queue in the same order, also an empty one', () => {
    expect(arrange([], now).map((queue) => queue.tier)).toEqual(['tier1', 'tier2', 'tier3', 'security', 'field', 'vcio'])
  })

  it('puts the worst first, then what is due first, then what has waited longest', () => {
    const tickets = [
      ticket({ number: 4 }),
      ticket({ number: 3 }),
      ticket({ number: 2, nextDue: { kind: 'resolve', at: now + 50 } }),
      ticket({ number: 6, nextDue: { kind: 'respond', at: now + 10 } }),
      ticket({ number: 9, priority: 'P1' }),
    ]
    expect(arrange(tickets, now)[0]?.tickets.map(({ number }) => number)).toEqual([9, 6, 2, 3, 4])
  })
})

describe('filterTickets', () => {
  const tickets = [ticket({ number: 7, owner: { id: 'ada', name: 'Ada Okafor' } }), ticket({ number: 8, priority: 'P1' })]
  it('looks for every word, anywhere, in any case', () => {
    expect(filterTickets(tickets, 'ADA disk').map(({ number }) => number)).toEqual([7])
    expect(filterTickets(tickets, 'p1 frontdesk').map(({ number }) => number)).toEqual([8])
    expect(filterTickets(tickets, '#7 ')).toHaveLength(1)
    expect(filterTickets(tickets, '')).toHaveLength(2)
    expect(filterTickets(tickets, 'disk nothing')).toHaveLength(0)
  })
})

describe('pressing', () => {
  it('counts down to what comes due next', () => {
    const next = { kind: 'time-box', at: now + 5 } as const
    expect(pressing(ticket({ nextDue: next, respondBy: now + 50 }), now)).toEqual({ ...next, isOverdue: false })
  })

  it('keeps a broken promise in sight after its timer has fired', () => {
    const broken = ticket({ respondBy: now - 1, nextDue: { kind: 'resolve', at: now + 99 } })
    expect(pressing(broken, now)).toEqual({ kind: 'respond', at: now - 1, isOverdue: true })
    expect(pressing({ ...broken, respondedAt: now }, now)).toEqual({ kind: 'resolve', at: now + 99, isOverdue: false })
  })

  it('asks nothing of a resolved ticket', () => {
    expect(pressing(ticket({ status: 'resolved', resolveBy: now - 1 }), now)).toBeUndefined()
  })
})
