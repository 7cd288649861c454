import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { DialogForm } from '../frame/dialog-form.tsx'
import { ReasonField } from '../words/reason-field.tsx'
import { bodyOf, exceptedAtFirst, isUnsaid } from './excepted.ts'
import { NoiseChoice } from './noise-choice.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** "This is noise": of a ticket that is open the dialog that resolves it asks the same. */
export function NoiseButton({ ticket }: { ticket: TicketDetail }) {
  const [isAsking, { open, close }] = useDisclosure()
  if (isOpen(ticket.status) || !ticket.may.includes('resolve') || !mayBeNoise(ticket)) return null
  return (
    <>
      <Button variant="default" onClick={open}>
        This is noise
      </Button>
      <Modal opened={isAsking} onClose={close} title={`Spare us the like of #${ticket.number}`} centered>
        <NoiseForm ticket={ticket} onClose={close} />
      </Modal>
    </>
  )
}

/** What people ask for, security and troubles of the collector never are; the collector says so too. */
const mayBeNoise = ({ kind }: TicketDetail): boolean => !/^(security|request|system|problem)\./.test(kind)

function NoiseForm({ ticket, onClose }: { ticket: TicketDetail; onClose(): void }) {
  const [excepted, except] = useState(() => exceptedAtFirst(ticket))
  const [reason, setReason] = useState('')
  const said = reason.trim()
  const call = useTicketChange(ticket.id, (api) => api.callNoise(ticket.id, { version: ticket.version, reason: said, ...bodyOf(excepted) }))
  return (
    <DialogForm
      submit="Spare us"
      isBusy={call.isPending}
      isBlank={said === '' || isUnsaid(excepted)}
      onSubmit={() => call.mutate(undefined, { onSuccess: onClose })}
      onCancel={onClose}
    >
      <NoiseChoice ticket={ticket} excepted={excepted} onChange={except} />
      <ReasonField reason={reason} onChange={setReason} />
    </DialogForm>
  )
}
