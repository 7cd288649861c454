import { z } from 'zod'
import { defineNotifier, type Message } from '../notifier.ts'

/**
 * Events in the form of PagerDuty's Events API v2, which other on-call tools take too. One ticket is one incident there,
 * opened, acknowledged and resolved with it. https://developer.pagerduty.com/docs/events-api-v2/overview
 */
export default defineNotifier({
  name: 'pagerduty',
  settings: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).default('https://events.pagerduty.com/v2/enqueue'),
    routingKey: z.string().min(16).max(200),
  }),
  deliver(message, { url, routingKey }, { post, stop }) {
    const { id, ticketId, said } = message
    const action = actions[message.event] ?? 'trigger'
    const event = {
      ...{ routing_key: routingKey, event_action: action, dedup_key: ticketId ?? id, client: 'Tierline' },
      ...(action === 'trigger' && { payload: payloadOf(message) }),
      ...(said.link !== null && { links: [{ href: said.link, text: 'The ticket' }] }),
    }
    return post(url, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) }, stop)
  },
})

const actions: Record<string, 'acknowledge' | 'resolve'> = { 'ticket.acknowledged': 'acknowledge', 'ticket.resolved': 'resolve' }

const Ticket = z
  .object({
    ticket: z.object({ priority: z.string(), kind: z.string(), team: z.string() }),
    endpoint: z.object({ hostname: z.string() }).nullable(),
  })
  .partial()
  .catch({})

const severities: Record<string, string> = { P1: 'critical', P2: 'error', P3: 'warning', P4: 'info' }

function payloadOf({ said, body, createdAt }: Message) {
  const { ticket, endpoint } = Ticket.parse(body)
  return {
    ...{ summary: said.title, source: endpoint?.hostname ?? 'tierline', severity: severities[ticket?.priority ?? ''] ?? 'warning' },
    ...{ timestamp: new Date(createdAt).toISOString(), group: ticket?.team, class: ticket?.kind, custom_details: { text: said.lines } },
  }
}
