import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { sentenceOf } from '#shared/domain/fault.ts'
import { SectionCard } from './section-card.tsx'
import { type Column, SortableTable } from './sortable-table.tsx'

interface ListCardProps<Row> {
  title: string
  /** What these are for, in one sentence. */
  sentence: string
  /** The button that makes another. */
  add: ReactNode
  /** undefined: not read yet. */
  rows: Row[] | undefined
  error: Error | null
  columns: Column<Row>[]
  empty: string
}

/** One kind of thing that an admin keeps: what there is, and the way to another. */
export function ListCard<Row extends { id: string }>({ title, sentence, add, rows, error, columns, empty }: ListCardProps<Row>) {
  return (
    <SectionCard title={title} aside={add}>
      <Text size="xs" c="dimmed" mt={-6} mb="xs">
        {sentence}
      </Text>
      {error && (
        <Alert color="red" mb="xs">
          {sentenceOf(error)}
        </Alert>
      )}
      {rows && <SortableTable rows={rows} columns={columns} sortedBy={{ id: 'name', desc: false }} empty={empty} minWidth={320} />}
    </SectionCard>
  )
}
