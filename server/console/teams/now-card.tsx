import { Badge, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { TeamView } from '#shared/api/rosters.ts'
import { useApi } from '../api/api-context.tsx'
import { teamsQuery } from '../api/desk-queries.ts'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { namesOf } from './names-of.ts'

type Row = TeamView & { id: string }

const columns: Column<Row>[] = [
  {
    id: 'name',
    header: 'Team',
    sortBy: (row) => row.team,
    cell: (row) => (
      <Text size="sm" fw={550}>
        {row.team}
      </Text>
    ),
  },
  { id: 'working', header: 'Works now', sortBy: (row) => row.working.length, cell: (row) => namesOf(row.working) || 'nobody' },
  { id: 'onCall', header: 'On call now', sortBy: (row) => row.onCall[0]?.name ?? '', cell: (row) => <OnCall row={row} /> },
  { id: 'next', header: 'Next on call', sortBy: (row) => row.next?.at ?? Number.MAX_SAFE_INTEGER, cell: (row) => <Next row={row} /> },
]

/** Who has it now, and who has it next. */
export function NowCard() {
  const { data, error } = useQuery(teamsQuery(useApi()))
  return (
    <ListCard
      title="Now"
      sentence="On call are called in this order. A team without members passes to the next one, at last to the admins."
      add={null}
      rows={data?.teams.map((row) => ({ ...row, id: row.team }))}
      error={error}
      columns={columns}
      empty="The matrix has no teams."
    />
  )
}

const empty: Record<TeamView['onCallBy'], string | null> = {
  rota: null,
  team: 'the rota is empty: the whole team',
  admins: 'the team is away: admins',
  nobody: 'nobody is there',
}

function OnCall({ row: { onCall, onCallBy } }: { row: Row }) {
  return (
    <Group gap={6}>
      <span>{namesOf(onCall) || 'nobody'}</span>
      {empty[onCallBy] !== null && (
        <Badge size="xs" color={onCallBy === 'nobody' ? 'red' : 'orange'} variant="light" tt="none">
          {empty[onCallBy]}
        </Badge>
      )}
    </Group>
  )
}

function Next({ row: { next } }: { row: Row }) {
  if (!next) return 'no change is planned'
  return (
    <>
      {next.onCall[0]?.name ?? 'nobody'}, <When at={next.at} as="instant" />
    </>
  )
}
