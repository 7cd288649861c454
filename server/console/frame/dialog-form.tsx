import { Alert, Button, Group, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { sentenceOf } from '#shared/domain/fault.ts'

interface DialogFormProps {
  /** What its button says. */
  submit: string
  color?: string
  isBusy: boolean
  /** Something that has to be said is not said yet. */
  isBlank?: boolean
  /** What was refused; null: nothing yet, or it is told elsewhere. */
  error?: unknown
  onSubmit(fields: FormData): void
  onCancel(): void
  children: ReactNode
}

/** Fields with names, and what was wrong with them in the collector's own sentence. */
export function DialogForm({ submit, color, isBusy, isBlank = false, error = null, onSubmit, onCancel, children }: DialogFormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit(new FormData(event.currentTarget))
      }}
    >
      <Stack>
        {error !== null && (
          <Alert color="red" role="alert" p="sm">
            {sentenceOf(error)}
          </Alert>
        )}
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={isBusy} disabled={isBlank} {...(color && { color })}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** What was typed or chosen under this name; empty when nothing was. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
