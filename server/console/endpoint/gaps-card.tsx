import { Accordion, Group, ScrollArea, Stack, Table, Text } from '@mantine/core'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'
import { laneName } from '../words/words.ts'
import { missingSentence } from './missing-sentence.ts'

type Missing = Pick<EndpointDetail, 'gaps' | 'refused' | 'missing'>

/** What the machine noted and the collector does not have: a gap is shown, never hidden. */
export function GapsCard({ gaps, refused, missing }: Missing) {
  if (missing.length === 0) return null
  return (
    <SectionCard title="Gaps">
      <Stack gap="md">
        {missing.map((each) => (
          <Text key={each.lane} size="sm" fw={each.lane === 'security' ? 600 : 400} data-missing={each.lane}>
            {missingSentence(each)}
          </Text>
        ))}
        {gaps.length > 0 && <GapTable gaps={gaps} />}
        {refused.length > 0 && <RefusedList refused={refused} />}
      </Stack>
    </SectionCard>
  )
}

function GapTable({ gaps }: Pick<Missing, 'gaps'>) {
  return (
    <ScrollArea>
      <Table verticalSpacing={6} fz="sm" miw={560}>
        <Table.Thead>
          <Table.Tr fz="xs" c="dimmed">
            <Table.Th>Noticed</Table.Th>
            <Table.Th>Lane</Table.Th>
            <Table.Th ta="right">Records</Table.Th>
            <Table.Th>From – to</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {gaps.map(({ lane, fromSeq, toSeq, count, why, noticedAt }) => (
            <Table.Tr key={`${lane}/${fromSeq}/${noticedAt}`} data-gap={lane}>
              <Table.Td className="nowrap">
                <When at={noticedAt} as="instant" />
              </Table.Td>
              <Table.Td>{laneName[lane]}</Table.Td>
              <Table.Td ta="right" className="tabular">
                {count.toLocaleString()}
              </Table.Td>
              <Table.Td className="tabular nowrap">
                {fromSeq} – {toSeq}
              </Table.Td>
              <Table.Td className="breakable">{why}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

/** Each as it came, from a machine that may be hostile: shown as text. */
function RefusedList({ refused }: Pick<Missing, 'refused'>) {
  return (
    <Accordion multiple variant="separated" chevronPosition="left">
      {refused.map(({ lane, seq, reason, raw, receivedAt }) => (
        <Accordion.Item key={`${lane}/${seq}/${receivedAt}`} value={`${lane}/${seq}/${receivedAt}`} data-refused={lane}>
          <Accordion.Control>
            <Group gap="4px 8px" justify="space-between">
              <Text size="sm" className="breakable grow">
                Refused: {laneName[lane]} {seq}, {reason}
              </Text>
              <Text size="xs" c="dimmed" miw="max-content">
                <When at={receivedAt} as="instant" />
              </Text>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <pre className="mono">{raw}</pre>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  )
}
