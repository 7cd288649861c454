import type { Tier } from '#shared/domain/tier.ts'
import type { Assignment } from '../people/assign.ts'
import type { Member, Roster } from '../people/roster.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Entry, TicketCase } from './changes.ts'

/** A VIP's technician has what they ask for in any team of technicians; what is for others (an attack, a way out) is theirs only in its team. */
export function namedFor({ ticket, subject }: TicketCase, matrix: Matrix): Assignment['named'] {
  const personId = subject.requester?.vip?.technicianId
  if (personId == null) return undefined
  const areTechnicians = (team: string): boolean => matrix.teams[team]?.isCustomers === false && technicians.has(matrix.tierOf(team))
  const among = areTechnicians(ticket.team) ? Object.keys(matrix.teams).filter(areTechnicians) : [ticket.team]
  return { personId, among }
}

const technicians: ReadonlySet<Tier> = new Set<Tier>(['tier1', 'tier2', 'tier3'])

/** What is said of it: a VIP's technician has it by name, or somebody instead of them. */
export function given({ id, name }: Member, { subject }: TicketCase, { members }: Roster): Omit<Entry, 'at'> {
  const named = members.find((member) => member.id === subject.requester?.vip?.technicianId)
  const why = named?.id === id ? { by: 'name' } : named ? { insteadOf: named.name } : {}
  return { kind: 'assigned', actor: 'system', body: { personId: id, name, ...why } }
}
