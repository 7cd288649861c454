import { Modal, Text } from '@mantine/core'
import { useState } from 'react'
import { DialogForm } from '../frame/dialog-form.tsx'
import { ReasonField } from './reason-field.tsx'

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
  const said = reason.trim()
  return (
    <DialogForm submit={confirm} color={color} isBusy={isBusy} isBlank={said === ''} onSubmit={() => onConfirm(said)} onCancel={onClose}>
      <Text size="sm">{sentence}</Text>
      <ReasonField reason={reason} onChange={setReason} />
    </DialogForm>
  )
}
