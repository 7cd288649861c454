import { Alert, Code, ScrollArea, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { matrixQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'

/** The document that decides, as the collector read it when it started. */
export function MatrixCard() {
  const { data, error } = useQuery(matrixQuery(useApi()))
  return (
    <SectionCard title="Escalation matrix">
      {error && <Alert color="red">{sentenceOf(error)}</Alert>}
      {data && (
        <>
          <Text size="sm" mb="xs">
            Version {data.version}, in force since <When at={data.createdAt} as="instant" />.
          </Text>
          <ScrollArea.Autosize mah={360} type="auto">
            <Code block className="mono">
              {data.yaml}
            </Code>
          </ScrollArea.Autosize>
        </>
      )}
    </SectionCard>
  )
}
