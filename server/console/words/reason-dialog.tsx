import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'

interface ReasonDialogProps {
  title: string
  sentence: string
  confirm: string
  color: string
  isOpen: boolean
  isBusy: boolean
  onClose(): void
  onConfirm(reason: string): void
}

/** Says what is about to happen and asks why; the reason stands on the timeline and in the audit. */
export function ReasonDialog(props: ReasonDialogProps) {
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title={props.title} centered>
      <ReasonForm {...props} />
    </Modal>
  )
}

function ReasonForm({ sentence, confirm, color, isBusy, onClose, onConfirm }: ReasonDialogProps) {
  const [reason, setReason] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onConfirm(reason.trim())
      }}
    >
      <Stack>
        <Text size="sm">{sentence}</Text>
        <Textarea
          label="Reason"
          description="Kept on the record, with your name."
          required
          data-autofocus
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color={color} loading={isBusy} disabled={reason.trim() === ''}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
