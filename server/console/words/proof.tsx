import { Table, Text } from '@mantine/core'

/** What was tried and seen of an isolation; the rules themselves for whoever wants to read them. */
export function Proof({ proof: { ruleset, ...facts } }: { proof: Readonly<Record<string, unknown>> }) {
  return (
    <div>
      <Text size="xs" c="dimmed" mb={2}>
        Proof
      </Text>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={0} fz="xs" layout="fixed">
        <Table.Tbody>
          {Object.entries(facts).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Td c="dimmed" className="breakable">
                {name}
              </Table.Td>
              <Table.Td className="mono">{typeof value === 'object' ? JSON.stringify(value) : String(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {typeof ruleset === 'string' && (
        <details>
          <Text component="summary" size="xs" c="dimmed">
            The ruleset
          </Text>
          <Text component="pre" size="xs" className="mono breakable" my={4}>
            {ruleset}
          </Text>
        </details>
      )}
    </div>
  )
}
