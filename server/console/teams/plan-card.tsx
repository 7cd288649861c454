import type { ReactNode } from 'react'
import type { Api } from '../api/api.ts'
import { keys } from '../api/keys.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { usePowers } from '../session/session.ts'

interface PlanCardProps<Row> {
  title: string
  sentence: string
  /** What the button says that plans another. */
  add: string
  form(close: () => void): ReactNode
  rows: Row[]
  columns: Column<Row>[]
  empty: string
}

/** One part of the rosters; whoever administers changes it. */
export function PlanCard<Row extends { id: string }>({ add, form, ...list }: PlanCardProps<Row>) {
  const mayPlan = usePowers()('administer')
  return <ListCard {...list} error={null} add={mayPlan && <DialogButton label={add} dialog={form} />} />
}

interface RemoveProps {
  label?: string
  title: string
  sentence: string
  act(api: Api): Promise<unknown>
}

export function Remove({ label = 'Remove', ...asked }: RemoveProps) {
  const mayPlan = usePowers()('administer')
  return mayPlan && <ConfirmButton {...asked} label={label} stale={keys.rosters} />
}
