import { Code, EmptyState, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { endpointQuery, endpointsQuery } from '../api/queries.ts'
import { PageButton } from '../frame/page-link.tsx'
import { CopyText } from '../words/copy-text.tsx'
import { shellWord } from '../words/shell-word.ts'
import styles from './empty-board.module.css'

/** Nothing is wrong anywhere: says so, and how to see that it would be noticed. */
export function EmptyBoard() {
  const { data } = useQuery(endpointsQuery(useApi()))
  if (!data) return null
  const [first] = data.endpoints.toSorted((a, b) => Number(b.isConnected) - Number(a.isConnected))
  return <div className={styles.place}>{first ? <AllQuiet endpointId={first.id} machines={data.endpoints.length} /> : <NoMachine />}</div>
}

function AllQuiet({ endpointId, machines }: { endpointId: string; machines: number }) {
  const { data } = useQuery(endpointQuery(useApi(), endpointId))
  const canary = data?.inventory?.agent.canaries.map(shellWord).find((word) => word !== undefined)
  const who = machines === 1 ? 'One machine is watched' : `${machines} machines are watched`
  return (
    <EmptyState title="No open tickets" description={`${who}; nothing needs anybody.`}>
      {canary && data && (
        <div className={styles.tryIt}>
          <Text size="sm">
            Want to see one arrive? Type this on <strong>{data.hostname}</strong>. It touches a decoy file, nothing else:
          </Text>
          <Group gap="xs" mt={8} wrap="nowrap" justify="center">
            <Code className="mono" p={8}>{`echo x >> ${canary}`}</Code>
            <CopyText text={`echo x >> ${canary}`} what="the line" />
          </Group>
        </div>
      )}
    </EmptyState>
  )
}

function NoMachine() {
  return (
    <EmptyState title="No machine is watched yet" description="Tickets open by themselves once an agent runs somewhere.">
      <EmptyState.Actions>
        <PageButton to="/endpoints">Add a machine</PageButton>
      </EmptyState.Actions>
    </EmptyState>
  )
}
