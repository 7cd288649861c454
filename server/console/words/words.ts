import type { IsolationState } from '#shared/api/endpoints.ts'
import type { DesiredIsolation, Role } from '#shared/domain/endpoint.ts'
import type { Priority } from '#shared/domain/priority.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { HopReason, Resolution, TicketStatus, WaitingFor } from '#shared/domain/ticket.ts'
import type { Tier } from '#shared/domain/tier.ts'
import type { Lane } from '#shared/protocol/record.ts'

/** What the product's values are called on the screen, and their colours: in one place. */

export const tierName: Record<Tier, string> = {
  tier1: 'Tier 1',
  tier2: 'Tier 2',
  tier3: 'Tier 3',
  security: 'Security',
  field: 'Field',
  vcio: 'vCIO',
}

export const priorityColor: Record<Priority, string> = { P1: 'red', P2: 'orange', P3: 'blue', P4: 'gray' }

export const severityColor: Record<Severity, string> = { critical: 'red', high: 'orange', medium: 'yellow', low: 'blue', info: 'gray' }

export const statusName: Record<TicketStatus, string> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  waiting: 'Waiting',
  resolved: 'Resolved',
}

export const resolutionName: Record<Resolution, string> = {
  fixed: 'Fixed',
  'false-alarm': 'False alarm',
  noise: 'Noise',
  duplicate: 'Duplicate',
  'wont-fix': "Won't fix",
  cleared: 'Cleared by itself',
  unanswered: 'Not answered',
}

export const hopReasonName: Record<HopReason, string> = {
  expertise: 'It needs somebody who knows more of this',
  access: 'It needs rights that we have not',
  'time-box': 'Our time for it is over',
  security: 'It may be an attack',
  field: 'It needs somebody on the spot',
}

export const waitingForName: Record<WaitingFor, string> = {
  customer: 'customer',
  vendor: 'vendor',
  appointment: 'appointment',
  window: 'maintenance window',
}

export const roleName: Record<Role, string> = { workstation: 'Workstation', server: 'Server', core: 'Core', unknown: 'Unknown' }

export const desiredName: Record<DesiredIsolation, string> = { open: 'Open', isolated: 'Isolated' }

export const stateName: Record<IsolationState, string> = {
  open: 'Open',
  applying: 'Applying…',
  unproven: 'Applied (unproven)',
  isolated: 'Isolated (proven)',
  ineffective: 'Applied, but not effective',
  drifted: 'Drifted',
  releasing: 'Releasing…',
  released: 'Released',
  refused: 'Refused',
  failed: 'Failed',
}

export const stateColor: Record<IsolationState, string> = {
  open: 'gray',
  applying: 'yellow',
  unproven: 'orange',
  isolated: 'grape',
  ineffective: 'red',
  drifted: 'red',
  releasing: 'yellow',
  released: 'gray',
  refused: 'red',
  failed: 'red',
}

export const laneName: Record<Lane, string> = {
  security: 'Security signals and results',
  signals: 'Other signals',
  inventory: 'Inventory',
  samples: 'Samples',
}

export const dueName = {
  ...{ respond: 'respond', resolve: 'resolve', 'time-box': 'time-box', ask: 'answer', review: 'review', waiting: 'end of waiting' },
} as const

export const commandColor = (status: string): string =>
  ({ succeeded: 'teal', failed: 'red', refused: 'red', expired: 'orange', unknown: 'orange', held: 'orange', dropped: 'gray' })[status] ??
  'blue'
