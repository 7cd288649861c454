import { ScrollArea, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SoftwareList } from '#shared/api/software.ts'
import { useApi } from '../api/api-context.tsx'
import { endpointSoftwareQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'

const maxShown = 100

/** What is installed there; its names are the machine's word, and shown as text. */
export function SoftwareCard({ endpointId }: { endpointId: string }) {
  const [sought, setSought] = useState('')
  const { data } = useQuery(endpointSoftwareQuery(useApi(), endpointId))
  if (!data || data.at === null) return null
  const found = data.packages.filter(({ name }) => name.toLowerCase().includes(sought.trim().toLowerCase()))
  return (
    <SectionCard
      title="Software"
      aside={
        <Text size="xs" c="dimmed">
          <When at={data.at} />
        </Text>
      }
    >
      <Stack gap="xs">
        <TextInput
          size="xs"
          aria-label="Find a package"
          placeholder="Find a package"
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
        <PackageTable packages={found.slice(0, maxShown)} />
        <Text size="xs" c="dimmed" data-software={data.packages.length}>
          {countOf(found.length, data)}
        </Text>
      </Stack>
    </SectionCard>
  )
}

function PackageTable({ packages }: Pick<SoftwareList, 'packages'>) {
  return (
    <ScrollArea.Autosize mah={320}>
      <Table verticalSpacing={4} fz="sm" className="breakable">
        <Table.Tbody>
          {packages.map(({ name, version, source }) => (
            <Table.Tr key={`${source}/${name}/${version}`}>
              <Table.Td>{name}</Table.Td>
              <Table.Td className="tabular">{version}</Table.Td>
              <Table.Td c="dimmed">{source}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  )
}

function countOf(found: number, { packages, leftOut }: SoftwareList): string {
  const shown = found > maxShown ? `The first ${maxShown} of ${found.toLocaleString()}` : found.toLocaleString()
  const more = leftOut > 0 ? `; it has ${leftOut.toLocaleString()} more that it didn’t tell` : ''
  return `${shown} of ${packages.length.toLocaleString()} packages${more}.`
}
