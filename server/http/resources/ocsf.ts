import { z } from 'zod'
import { OcsfFindings } from '#shared/domain/ocsf.ts'
import { ocsfFindingOf, type SignalTold } from '#shared/domain/ocsf-finding.ts'
import type { Evidence, Facts } from '#shared/domain/signal.ts'
import type { Needs } from '../needs.ts'
import { defineReading, type Route } from '../route.ts'

/** A ticket that gathers a storm has more than anybody reads into another tool. */
const maxFindings = 500

export default function ocsf(_: Needs): Route[] {
  return [
    defineReading('/api/tickets/:id/ocsf', 'Its security signals as OCSF detection findings (class 2004), oldest first', {
      names: { 'params.id': 'ticket' },
      action: 'ticket.view-evidence',
      params: z.object({ id: z.string().max(64) }),
      answer: OcsfFindings,
      handle: async ({ params, by }) => {
        const signals = by.view.signals().where('signals.ticket_id', '=', params.id).where('signals.kind', 'like', 'security.%')
        const rows = await signals.selectAll('signals').orderBy('signals.arrival').limit(maxFindings).execute()
        const ids = [...new Set(rows.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
        const endpoints =
          ids.length === 0 ? [] : await by.view.endpoints().where('endpoints.id', 'in', ids).selectAll('endpoints').execute()
        const devices = new Map(endpoints.map((row) => [row.id, { ...row, role: row.confirmed_role ?? ('unknown' as const) }]))
        return { findings: rows.map((row) => ocsfFindingOf(toldOf(row), devices.get(row.endpoint_id ?? ''))) }
      },
    }),
  ]
}

type Row = Omit<SignalTold, 'facts' | 'evidence' | 'sensedAt' | 'receivedAt'> & {
  facts: string
  evidence: string
  sensed_at: number
  received_at: number
}

const toldOf = (row: Row): SignalTold => ({
  ...row,
  facts: JSON.parse(row.facts) as Facts,
  evidence: JSON.parse(row.evidence) as Evidence[],
  sensedAt: row.sensed_at,
  receivedAt: row.received_at,
})
