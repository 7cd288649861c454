import { Anchor, Button, Code, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import collectDiagnostics from '#shared/commands/collect-diagnostics.ts'
import { useApi } from '../api/api-context.tsx'
import { commandQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { LiveOutput } from './live-output.tsx'
import { useEndpointChange } from './use-endpoint-change.ts'

type Command = EndpointDetail['commands'][number]
const verb = 'collect-diagnostics'
const maxShown = 5

/** What was collected from it as evidence: each with its hashes, to be taken away. */
export function DiagnosticsCard({ endpoint: { id, commands } }: { endpoint: EndpointDetail }) {
  const may = usePowers()
  const collect = useEndpointChange(id, (api, _: undefined) => api.ask(id, { verb, reason: 'To see what goes on there.' }))
  const collected = commands.filter((command) => command.verb === verb).slice(0, maxShown)
  const button = may('look-after') && (
    <Button size="compact-xs" variant="default" loading={collect.isPending} onClick={() => collect.mutate(undefined)}>
      Collect
    </Button>
  )
  return (
    <SectionCard title="Diagnostics" aside={button}>
      <Stack gap="sm">
        {collected.length === 0 && (
          <Text size="sm" c="dimmed">
            Nothing was collected yet.
          </Text>
        )}
        {collected.map((command) => (
          <Collected key={command.id} command={command} />
        ))}
      </Stack>
    </SectionCard>
  )
}

function Collected({ command: { id, status, requestedAt, detail, settledAt } }: { command: Command }) {
  const { data } = useQuery({ ...commandQuery(useApi(), id), enabled: settledAt !== null })
  const output = collectDiagnostics.output.safeParse(data?.output)
  return (
    <article aria-label={`Diagnostics ${id}`}>
      <Text size="sm">
        <When at={requestedAt} as="instant" />: {status}
        {detail && `, ${detail}`}
      </Text>
      {settledAt === null && <LiveOutput commandId={id} />}
      {data?.archive && (
        <Text size="sm">
          <Anchor href={`/api/commands/${encodeURIComponent(id)}/archive`} download={`${id}.tar.gz`}>
            Download
          </Anchor>{' '}
          ({Math.ceil(data.archive.bytes / 1_024)} KiB), SHA-256 <Code className="breakable">{data.archive.sha256}</Code>
        </Text>
      )}
      {output.success && (
        <details>
          <Text component="summary" size="sm">
            Sections, each with its hash ({output.data.sections.length})
          </Text>
          {output.data.sections.map(({ name, sha256, isCut }) => (
            <Text key={name} size="xs" className="breakable">
              {name}
              {isCut && ' (cut)'}: <span className="mono">{sha256}</span>
            </Text>
          ))}
        </details>
      )}
    </article>
  )
}
