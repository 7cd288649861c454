import type { StandingOrder } from './standing-order.ts'

const weekdays = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** When a standing order is due, for whoever signs it or looks at it. */
export function whenInWords({ when }: Pick<StandingOrder, 'when'>): string {
  if (when.kind === 'window') {
    const clock = when.zones ? `by the clock of each site: ${[when.timeZone, ...when.zones].join(' or ')}` : when.timeZone
    return `${when.days.map((day) => weekdays[day]).join(', ')} from ${when.from} to ${when.to}, ${clock}`
  }
  const kinds = when.any.map(({ kind, minSeverity, facts }) =>
    [kind, minSeverity && `at least ${minSeverity}`, facts && `where ${JSON.stringify(facts)}`].filter(Boolean).join(' '),
  )
  const silent = when.silentMs === undefined ? '' : `, and nothing is heard of the collector for ${when.silentMs} ms after it`
  const rest = when.restMinutes ? `; not again for the same trouble within ${when.restMinutes} min` : ''
  return `the machine says ${kinds.join(', or ')}${silent}${rest}`
}
