import { useQuery } from '@tanstack/react-query'
import type { SigmaRule, SigmaRuleList } from '#shared/api/sigma-rules.ts'
import { useApi } from '../api/api-context.tsx'
import { sigmaRulesQuery } from '../api/desk-queries.ts'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'

type Row = SigmaRule & { id: string; needs: SigmaRuleList['needs'] }

/** Of these many endpoint-days people read how often a rule fits. */
const PER = 500

const columns: Column<Row>[] = [
  { id: 'name', header: 'Rule', sortBy: (row) => row.title, cell: (row) => <span title={row.rule}>{row.title}</span> },
  { id: 'level', header: 'Level', sortBy: (row) => row.severity, cell: (row) => row.severity },
  { id: 'armed', header: 'Armed', sortBy: (row) => Number(row.isArmed), cell: whetherArmed },
  { id: 'days', header: 'Days', sortBy: (row) => row.days, cell: (row) => row.days },
  { id: 'endpoints', header: 'Endpoints', sortBy: (row) => row.endpoints, cell: (row) => `${row.endpoints} of ${row.ofEndpoints}` },
  { id: 'hits', header: `Hits per ${PER} endpoint-days`, sortBy: rateOf, cell: (row) => rateOf(row).toFixed(1) },
  { id: 'false', header: 'False alarms', sortBy: (row) => row.falseAlarms, cell: (row) => row.falseAlarms },
]

function rateOf({ hits, endpointDays }: Row): number {
  return endpointDays === 0 ? 0 : (PER * hits) / endpointDays
}

function whetherArmed(row: Row) {
  if (!row.isArmed) return whyNot(row)
  return (
    <>
      Since <When at={row.since} as="instant" />
    </>
  )
}

function whyNot({ reason, status, needs }: Row): string {
  if (reason === 'status') return `No: its status is ${status === '' ? 'not said' : status}`
  if (reason === 'false-alarms') return 'No: it raised false alarms'
  if (reason === 'hits') return `No: it fits more often than once in ${needs.endpointDaysPerHit} endpoint-days`
  return `Not yet: it needs ${needs.days} days on ${needs.endpoints} endpoints, or on all`
}

/** Which rules in Sigma's format say their own level, and why the others say a step less. */
export function SigmaRulesCard() {
  const { data, error } = useQuery(sigmaRulesQuery(useApi()))
  return (
    <ListCard
      title="Sigma rules"
      sentence="A rule is armed by its record on this fleet and then says its own level; one that isn't says a step less. A policy goes before."
      add={null}
      rows={data?.rules.map((rule) => ({ ...rule, id: `${rule.digest} ${rule.rule}`, needs: data.needs }))}
      error={error}
      columns={columns}
      empty="No machine has told of rules yet."
    />
  )
}
