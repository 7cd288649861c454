import { Accordion, Badge, Group, ScrollArea, Table, Text } from '@mantine/core'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'
import { severityColor } from '../words/words.ts'
import { factText } from './fact-text.ts'

type KeptSignal = TicketDetail['signals'][number]

/** What the machine saw, newest first and open. Text as it was found: never markup, never an instruction. */
export function EvidenceList({ ticket: { signals, gathers } }: { ticket: Pick<TicketDetail, 'signals' | 'gathers'> }) {
  const [newest] = signals
  return (
    <SectionCard
      title="Evidence"
      aside={
        <Text size="xs" c="dimmed">
          {signals.length === 1 ? 'one signal' : `${signals.length} signals`}
        </Text>
      }
    >
      {!newest && (
        <Text size="sm" c="dimmed">
          {gathers === null
            ? 'No signal: a person opened this ticket.'
            : 'None of its own: what was seen stands on the tickets under this one.'}
        </Text>
      )}
      {newest && (
        <Accordion multiple defaultValue={[newest.id]} variant="separated" chevronPosition="left">
          {signals.map((signal) => (
            <SignalItem key={signal.id} signal={signal} />
          ))}
        </Accordion>
      )}
    </SectionCard>
  )
}

function SignalItem({ signal }: { signal: KeptSignal }) {
  return (
    <Accordion.Item value={signal.id}>
      <Accordion.Control>
        <Group gap="4px 8px" justify="space-between">
          <Text size="sm" fw={550} className="breakable grow">
            {signal.summary}
          </Text>
          <Group gap={8} wrap="nowrap">
            <Badge size="sm" color={severityColor[signal.severity]} variant="light" tt="none" miw="max-content">
              {signal.state}
            </Badge>
            <Text size="xs" c="dimmed" miw="max-content">
              <When at={signal.sensedAt} as="instant" />
            </Text>
          </Group>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <SignalFacts signal={signal} />
        {signal.evidence.map((piece, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two pieces may have one name, and their order never changes
          <EvidencePiece key={index} name={piece.name} text={piece.text} />
        ))}
      </Accordion.Panel>
    </Accordion.Item>
  )
}

function SignalFacts({ signal }: { signal: KeptSignal }) {
  const facts = [['about', signal.about] as const, ...Object.entries(signal.facts), ['detector', signal.detector] as const]
  return (
    <Table withRowBorders={false} verticalSpacing={2} fz="xs" layout="fixed" className="facts">
      <Table.Tbody>
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td w="30%" c="dimmed" className="breakable">
                {name}
              </Table.Td>
              <Table.Td className="mono">{factText(name, value)}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  )
}

function EvidencePiece({ name, text }: { name: string; text: string }) {
  return (
    <figure className="evidence">
      <figcaption>{name}</figcaption>
      <ScrollArea.Autosize mah={280}>
        <pre className="mono">{text}</pre>
      </ScrollArea.Autosize>
    </figure>
  )
}
