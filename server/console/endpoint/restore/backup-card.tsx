import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import backupList, { type Snapshot } from '#shared/commands/backup-list.ts'
import restoreFromBackup from '#shared/commands/restore-from-backup.ts'
import { useApi } from '../../api/api-context.tsx'
import { commandQuery, ticketQuery, ticketsOfEndpointQuery } from '../../api/queries.ts'
import { DialogButton } from '../../frame/dialog-button.tsx'
import { SectionCard } from '../../frame/section-card.tsx'
import { usePowers } from '../../session/session.ts'
import { When } from '../../time/when.tsx'
import { LiveOutput } from '../live-output.tsx'
import { useEndpointChange } from '../use-endpoint-change.ts'
import { RestoreForm } from './restore-form.tsx'
import { proposed } from './snapshots.ts'

/** The machine's own backup: which snapshots there are, which can be relied on, what was put back. */
export function BackupCard({ endpoint: { id, commands } }: { endpoint: EndpointDetail }) {
  const may = usePowers()
  const list = useEndpointChange(id, (api, _: undefined) => api.ask(id, { verb: 'backup-list', reason: 'To see what could be restored.' }))
  const listed = useOutput(commands, 'backup-list', backupList.output)
  const evidenceAt = useEvidence(id)
  const asked = commands.find(({ verb }) => verb === 'backup-list')
  const isListing = asked?.settledAt === null
  const buttons = (
    <Group gap="xs">
      {may('look-after') && (
        <Button size="compact-xs" variant="default" loading={list.isPending || isListing} onClick={() => list.mutate(undefined)}>
          List backups
        </Button>
      )}
      {may('run-anything') && (
        <DialogButton
          size="compact-xs"
          variant="default"
          label="Restore"
          title="Restore from this machine’s backup"
          dialog={(close) => (
            <RestoreForm endpointId={id} snapshots={listed?.output.snapshots ?? []} evidenceAt={evidenceAt} onClose={close} />
          )}
        />
      )}
    </Group>
  )
  return (
    <SectionCard title="Backup" aside={buttons}>
      <Stack gap="sm">
        {listed ? (
          <Snapshots {...listed.output} at={listed.at} evidenceAt={evidenceAt} />
        ) : (
          <Text size="sm" c="dimmed">
            {asked?.detail ?? 'Its snapshots were not listed yet.'}
          </Text>
        )}
        <Restores commands={commands} />
      </Stack>
    </SectionCard>
  )
}

/** When the first evidence was seen of what is open here; undefined: there is none. */
function useEvidence(endpointId: string): number | undefined {
  const api = useApi()
  const { data } = useQuery(ticketsOfEndpointQuery(api, endpointId))
  const first = data?.tickets.filter(({ kind }) => kind.startsWith('security.')).toSorted((a, b) => a.openedAt - b.openedAt)[0]
  const ticket = useQuery({ ...ticketQuery(api, first?.id ?? ''), enabled: first !== undefined })
  if (!first) return undefined
  return Math.min(first.openedAt, ...(ticket.data?.signals.map(({ sensedAt }) => sensedAt) ?? []))
}

/** What the last one of these brought, as its definition says; undefined: nothing yet. */
function useOutput<Output extends z.ZodType>(
  commands: EndpointDetail['commands'],
  verb: string,
  schema: Output,
): { output: z.output<Output>; at: number } | undefined {
  const done = commands.find((command) => command.verb === verb && command.status === 'succeeded')
  const { data } = useQuery({ ...commandQuery(useApi(), done?.id ?? ''), enabled: done !== undefined })
  const output = schema.safeParse(data?.output)
  return output.success && done ? { output: output.data, at: done.settledAt ?? 0 } : undefined
}

interface SnapshotsProps {
  snapshots: Snapshot[]
  isCut: boolean
  at: number
  evidenceAt: number | undefined
}

function Snapshots({ snapshots, isCut, at, evidenceAt }: SnapshotsProps) {
  const best = evidenceAt === undefined ? undefined : proposed(snapshots, evidenceAt)
  return (
    <div>
      <Text size="xs" c="dimmed">
        {snapshots.length} snapshots{isCut && ', and older ones'}, as listed <When at={at} />
        {evidenceAt !== undefined && (
          <>
            ; first evidence <When at={evidenceAt} as="instant" />
          </>
        )}
      </Text>
      {evidenceAt !== undefined && !best && (
        <Text size="sm" c="red">
          No verified snapshot is older than the first evidence.
        </Text>
      )}
      <Table verticalSpacing={4} fz="sm" layout="fixed">
        <Table.Tbody>
          {snapshots.slice(0, maxShown).map((snapshot) => (
            <Table.Tr key={snapshot.id} data-snapshot={snapshot.id}>
              <Table.Td w={130}>
                <When at={snapshot.at} as="instant" />
              </Table.Td>
              <Table.Td className="breakable">{snapshot.paths.join(', ')}</Table.Td>
              <Table.Td w={120}>
                <Badge size="sm" tt="none" variant="light" color={snapshot.verifiedAt === null ? 'gray' : 'teal'}>
                  {snapshot.verifiedAt === null ? 'not verified' : 'verified'}
                </Badge>
                {snapshot.id === best?.id && (
                  <Badge size="sm" tt="none" variant="light" color="cyan">
                    proposed
                  </Badge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}
const maxShown = 10

function Restores({ commands }: { commands: EndpointDetail['commands'] }) {
  const last = commands.find(({ verb }) => verb === 'restore-from-backup')
  const done = useOutput(commands, 'restore-from-backup', restoreFromBackup.output)
  if (!last) return null
  return (
    <div>
      <Text size="sm" fw={550}>
        Last restore: {last.status}
      </Text>
      {last.detail && <Text size="sm">{last.detail}</Text>}
      {last.settledAt === null && <LiveOutput commandId={last.id} />}
      {last.status === 'succeeded' && done && <Restored {...done.output} />}
    </div>
  )
}

function Restored({ snapshotAt, restored, unchanged, keptAs, left }: z.output<typeof restoreFromBackup.output>) {
  return (
    <>
      <Text size="sm">
        {restored} files put back as of <When at={snapshotAt} as="instant" />, {unchanged} were as they should be. What was there before
        lies beside each, as {keptAs}.
      </Text>
      {left.map((each) => (
        <Text key={each} size="xs" c="red" className="breakable">
          {each}
        </Text>
      ))}
    </>
  )
}
