import { Text } from '@mantine/core'
import type { z } from 'zod'
import type { AuditLine } from '#shared/api/administration.ts'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'

type Line = z.infer<typeof AuditLine>

export const auditColumns: Column<Line>[] = [
  { id: 'when', header: 'When', sortBy: (line) => line.at, cell: (line) => <When at={line.at} as="instant" /> },
  { id: 'who', header: 'Who', sortBy: (line) => line.actor, cell: (line) => line.actor },
  { id: 'what', header: 'What', sortBy: (line) => line.action, cell: (line) => <What line={line} /> },
  { id: 'target', header: 'Target', sortBy: (line) => line.target.name ?? line.target.id, cell: (line) => <Target target={line.target} /> },
  { id: 'from', header: 'From', sortBy: fromOf, cell: (line) => <span className="tabular">{fromOf(line)}</span> },
]

/** How and from where they came. */
function fromOf({ detail: { via, address } }: Line): string {
  return [address, via === 'token' && 'by token'].filter((word) => typeof word === 'string').join(', ')
}

function What({ line }: { line: Line }) {
  const { via: _via, address: _address, ...said } = line.detail
  const words = Object.entries(said).flatMap(([name, value]) => (wordOf(value) === '' ? [] : `${name}: ${wordOf(value)}`))
  return (
    <>
      <Text size="sm">{line.action}</Text>
      {words.length > 0 && (
        <Text size="xs" c="dimmed" className="breakable" lineClamp={3}>
          {words.join('; ')}
        </Text>
      )}
    </>
  )
}

const wordOf = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value))

function Target({ target: { thing, id, name } }: { target: Line['target'] }) {
  const label = name ?? `${thing} ${id.slice(0, 8)}…`
  const page = ({ ticket: '/tickets/$id', endpoint: '/endpoints/$id' } as const)[thing]
  if (page !== undefined && name !== null) {
    return (
      <PageLink to={page} params={{ id }} fz="sm" lineClamp={2} className="breakable">
        {label}
      </PageLink>
    )
  }
  return (
    <Text size="sm" className="breakable" title={`${thing} ${id}`}>
      {label}
    </Text>
  )
}
