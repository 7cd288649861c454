import { Card, Code, Group, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Script } from '#shared/api/scripts.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { scriptsQuery } from '../api/queries.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { usePowers, useSession } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { WriteScript } from './write-script.tsx'

/** The library of scripts: who wrote each, who reviewed it, and its text, shown as text. */
export function ScriptsPage() {
  const { data, error, refetch } = useQuery(scriptsQuery(useApi()))
  const may = usePowers()
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Group mb="sm" gap="md">
        <Title order={1} fz={20}>
          Scripts
        </Title>
        <Text size="sm" c="dimmed">
          Written by one person, reviewed by another; asked for by name on a machine.
        </Text>
        {may('isolate') && <DialogButton label="Write a script" dialog={(close) => <WriteScript onClose={close} />} />}
      </Group>
      {data.scripts.length === 0 && <Text c="dimmed">There are no scripts.</Text>}
      {data.scripts.map((script) => (
        <ScriptCard key={script.id} script={script} />
      ))}
    </div>
  )
}

function ScriptCard({ script }: { script: Script }) {
  const may = usePowers()
  return (
    <Card withBorder mb="sm">
      <Group gap="sm">
        <Text fw={550}>{script.name}</Text>
        <Text size="xs" c="dimmed">
          {script.interpreter}, {script.platforms.join(', ')}; written by {script.writtenBy} <When at={script.writtenAt} />;{' '}
          {reviewOf(script)}
        </Text>
        {may('isolate') && <Buttons script={script} />}
      </Group>
      <Code block mah={300} mt="xs" style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }}>
        {script.text}
      </Code>
      <Text size="xs" c="dimmed">
        SHA-256 {script.sha256}
      </Text>
    </Card>
  )
}

function reviewOf({ reviewedBy, isSelfReviewed }: Script): string {
  if (reviewedBy === null) return 'waits for its review'
  return isSelfReviewed ? 'reviewed by whoever wrote it, as there was nobody else' : `reviewed by ${reviewedBy}`
}

function Buttons({ script: { id, name, sha256, reviewedBy, writtenBy } }: { script: Script }) {
  const { person } = useSession()
  return (
    <>
      {reviewedBy === null && (
        <ConfirmButton
          label={writtenBy === person.name ? 'Review (as the only person)' : 'I have read it'}
          title={`Let “${name}” run?`}
          sentence="From now on it can be asked for on machines, with this very text."
          stale={keys.scripts}
          act={(api) => api.reviewScript(id, sha256)}
        />
      )}
      <ConfirmButton
        label="Retire"
        title={`Retire “${name}”?`}
        sentence="Nobody can ask for it any more."
        stale={keys.scripts}
        act={(api) => api.retireScript(id)}
      />
    </>
  )
}
