import { Button, Modal, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { HopReason, WaitingFor } from '#shared/domain/ticket.ts'
import { DialogForm } from '../frame/dialog-form.tsx'
import { LongText } from '../frame/long-text.tsx'
import { hopReasonName, waitingForName } from '../words/words.ts'
import { useTicketChange } from './use-ticket-change.ts'

/** To other people, with what was tried; and to security at one press, without a form. */
export function HopButtons({ ticket }: { ticket: TicketDetail }) {
  const [isAsking, asking] = useDisclosure()
  const call = useTicketChange(ticket.id, (api, version: number) => api.callSecurity(ticket.id, version))
  if (!ticket.may.includes('escalate') || !ticket.legalActions.includes('escalate')) return null
  return (
    <>
      {ticket.tier !== 'security' && (
        <Button variant="light" color="red" loading={call.isPending} onClick={() => call.mutate(ticket.version)}>
          Security!
        </Button>
      )}
      <Button variant="default" onClick={asking.open}>
        Escalate
      </Button>
      <Modal opened={isAsking} onClose={asking.close} title={`Escalate #${ticket.number}`} centered>
        <HopForm ticket={ticket} onClose={asking.close} />
      </Modal>
    </>
  )
}

const reasons = HopReason.exclude(['security'])
type Reason = (typeof reasons.options)[number]

function HopForm({ ticket, onClose }: { ticket: TicketDetail; onClose(): void }) {
  const [reason, setReason] = useState<Reason>('expertise')
  const [tried, setTried] = useState('')
  const escalate = useTicketChange(ticket.id, (api, input: { reason: Reason; tried: string }) =>
    api.escalate(ticket.id, { version: ticket.version, ...input }),
  )
  const submit = (): void => escalate.mutate({ reason, tried: tried.trim() }, { onSettled: onClose })
  return (
    <DialogForm submit="Escalate" isBusy={escalate.isPending} isBlank={tried.trim() === ''} onSubmit={submit} onCancel={onClose}>
      <Select
        label="Why"
        data={reasons.options.map((value) => ({ value, label: hopReasonName[value] }))}
        value={reason}
        allowDeselect={false}
        onChange={(value) => setReason(reasons.parse(value))}
      />
      <LongText
        label="What was tried"
        description="The next people get it with the machine, its evidence and its last hour, and need not try it again."
        required
        data-autofocus
        minRows={3}
        text={tried}
        onChange={setTried}
      />
    </DialogForm>
  )
}

const untimed = WaitingFor.exclude(['appointment', 'window'])

/** Promises stand still from one press to the other. */
export function WaitButtons({ ticket }: { ticket: TicketDetail }) {
  const wait = useTicketChange(ticket.id, (api, waitingFor: (typeof untimed.options)[number]) =>
    api.wait(ticket.id, { version: ticket.version, waitingFor }),
  )
  const goOn = useTicketChange(ticket.id, (api, verb: 'resume' | 'reopen') => api.goOn(ticket.id, verb, ticket.version))
  const can = (act: 'wait' | 'resume' | 'reopen'): boolean => ticket.may.includes(act) && ticket.legalActions.includes(act)
  return (
    <>
      {can('wait') &&
        untimed.options.map((each) => (
          <Button key={each} variant="default" loading={wait.isPending} onClick={() => wait.mutate(each)}>
            Wait for {waitingForName[each]}
          </Button>
        ))}
      {can('resume') && (
        <Button variant="default" loading={goOn.isPending} onClick={() => goOn.mutate('resume')}>
          Go on
        </Button>
      )}
      {can('reopen') && (
        <Button variant="default" loading={goOn.isPending} onClick={() => goOn.mutate('reopen')}>
          Open again
        </Button>
      )}
    </>
  )
}
