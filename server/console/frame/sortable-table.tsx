import { ScrollArea, Table, UnstyledButton } from '@mantine/core'
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_text,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { type ReactNode, useMemo } from 'react'

/** One column: what it is called, what it sorts by, what it shows. */
export interface Column<Row> {
  id: string
  /** Empty: nothing to read or to sort by, such as a button; it stands at the right. */
  header: string
  sortBy(row: Row): string | number
  cell(row: Row): ReactNode
}

interface SortableTableProps<Row> {
  rows: Row[]
  /** Not made anew with each drawing. */
  columns: Column<Row>[]
  sortedBy: { id: string; desc: boolean }
  /** What stands in place of rows when there are none. */
  empty: string
  /** Pixels below which it scrolls sideways. */
  minWidth?: number
}

interface Identified {
  id: string
}

/** Dense rows, sorted by a click on a column's name; scrolls sideways where it has to. */
export function SortableTable<Row extends Identified>({ rows, columns, sortedBy, empty, minWidth = 860 }: SortableTableProps<Row>) {
  const table = useSortable(rows, columns, sortedBy)
  return (
    <ScrollArea>
      <Table highlightOnHover verticalSpacing={7} fz="sm" miw={minWidth}>
        <Table.Thead>
          <Table.Tr>
            {table.getFlatHeaders().map(({ column }) => (
              <SortHeader
                key={column.id}
                name={String(column.columnDef.header)}
                sorted={column.getIsSorted()}
                onSort={() => column.toggleSorting()}
              />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map(({ id, original }) => (
            <Table.Tr key={id}>
              {columns.map((column) => (
                <Table.Td key={column.id} {...(column.header === '' && { ta: 'right' })}>
                  {column.cell(original)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
          {rows.length === 0 && (
            <Table.Tr>
              <Table.Td colSpan={columns.length} c="dimmed" ta="center" py="xl">
                {empty}
              </Table.Td>
            </Table.Tr>
          )}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text },
})

function useSortable<Row extends Identified>(rows: Row[], columns: Column<Row>[], sortedBy: { id: string; desc: boolean }) {
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>()
    return columns.map(({ id, header, sortBy }) => helper.accessor((row: Row): unknown => sortBy(row), { id, header }))
  }, [columns])
  return useTable({
    features,
    data: rows,
    columns: definitions,
    getRowId: (row) => row.id,
    initialState: { sorting: [sortedBy] },
    enableSortingRemoval: false,
  })
}

const arrow = { asc: ' ↑', desc: ' ↓' } as const
const ariaSort = { asc: 'ascending', desc: 'descending' } as const

function SortHeader({ name, sorted, onSort }: { name: string; sorted: 'asc' | 'desc' | false; onSort(): void }) {
  if (name === '') return <Table.Th />
  return (
    <Table.Th aria-sort={sorted ? ariaSort[sorted] : 'none'} className="nowrap">
      <UnstyledButton fz="xs" fw={600} c={sorted ? 'inherit' : 'dimmed'} onClick={onSort}>
        {name}
        {sorted ? arrow[sorted] : ''}
      </UnstyledButton>
    </Table.Th>
  )
}
