import { DataList, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { EndpointPolicy } from '#shared/api/policy.ts'
import { useApi } from '../api/api-context.tsx'
import { endpointPolicyQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'

/** What of the policy is in force for this machine, and which entry says so. */
export function PolicyCard({ endpointId }: { endpointId: string }) {
  const { data } = useQuery(endpointPolicyQuery(useApi(), endpointId))
  if (!data) return null
  return (
    <SectionCard title="Policy">
      <Stack gap="xs">
        <Text size="sm" data-policy={data.number}>
          {sentenceOf(data)}
        </Text>
        <DataList size="sm" gap={8} className="breakable">
          {data.settings.map(({ key, value, from }) => (
            <DataList.Item key={key}>
              <DataList.ItemLabel>{key}</DataList.ItemLabel>
              <DataList.ItemValue className="entry">{`${JSON.stringify(value)}\n(${from})`}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
      </Stack>
    </SectionCard>
  )
}

function sentenceOf({ number, signedBy, atAgent }: EndpointPolicy): string {
  if (number === 0) return 'No policy is in force: its agent goes by what ships.'
  const said = `Number ${number}, signed by ${signedBy ?? 'the collector'}.`
  if (atAgent === null) return `${said} Its agent hasn’t said by which it goes.`
  return atAgent === number
    ? `${said} Its agent goes by it.`
    : `${said} Its agent still goes by ${atAgent === 0 ? 'what ships' : `number ${atAgent}`}.`
}
